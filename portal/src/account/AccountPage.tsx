import { Failed, Lines } from "~/design/States";
import { usePageTitle } from "~/design/usePage";
import { DeleteSection } from "./DeleteSection";
import { EmailSection } from "./EmailSection";
import { FactorAsked } from "./FactorAsked";
import { PasskeysSection } from "./PasskeysSection";
import { PasswordSection } from "./PasswordSection";
import { ProvidersSection } from "./ProvidersSection";
import { StepUpProvider } from "./StepUp";
import { TotpSection } from "./TotpSection";
import { useSecurity, type Security } from "./data";

/** The ways into one's own account. The title says how well it is kept. */
const titleOf = (security: Security | undefined): string => {
  if (!security) return "Account security";
  if (!security.email_verified) return "Account security: confirm your address";
  if (security.passkeys.length > 0 || security.totp) return security.password ? "Account security: more than a password" : "Account security: more than a mailbox";
  return security.password ? "Account security: a password only" : "Account security: no password, no second factor";
};

export function AccountPage() {
  const { data, error, refetch } = useSecurity();
  const title = titleOf(data);
  usePageTitle(title);
  return (
    <>
      <h1 className="text-26 font-semibold">{title}</h1>
      <FactorAsked />
      {error && <div className="mt-24"><Failed error={error} retry={() => void refetch()} /></div>}
      {!data && !error && <div className="mt-24"><Lines rows={5} tall /></div>}
      {data && (
        <StepUpProvider>
          <div className="grid gap-40 mt-24 max-w-prose">
            <EmailSection security={data} />
            <PasswordSection security={data} />
            <TotpSection security={data} />
            <PasskeysSection security={data} />
            <ProvidersSection />
            <DeleteSection email={data.email} />
          </div>
        </StepUpProvider>
      )}
    </>
  );
}
