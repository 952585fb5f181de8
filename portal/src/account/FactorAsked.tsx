import { useQuery } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { Button } from "~/design/Button";
import { useSession } from "~/session/data";
import { pathOfHere } from "~/session/next";
import { securityQuery, type Security } from "./data";

const standsOf = ({ email_verified: verified }: Security, has: boolean): string =>
  !verified
    ? "Your address is not confirmed yet: type the code of its mail below."
    : has
      ? "Your account has a second factor."
      : "Your account has no second factor. If that stopped you, set up an authenticator app or add a passkey below.";

/** Who was stopped for want of a second factor, or of a confirmed address, is told why they are here, and led back once it is shown. */
export function FactorAsked() {
  const next = pathOfHere(useSearch({ from: "/desk/account" }).next);
  const router = useRouter();
  const security = useQuery(securityQuery).data;
  const has = security !== undefined && (security.totp || security.passkeys.length > 0);
  const asking = (useSession()?.organizations ?? []).filter((each) => each.second_factor_missing).map((each) => each.name);
  if (asking.length === 0 && !next) return null;
  return (
    <section aria-label="Why you are here" className="border-l-2 border-signal pl-16 py-4 mt-24 max-w-prose grid gap-8 justify-items-start" aria-live="polite">
      {asking.length > 0 ? (
        <>
          <p className="font-medium">{`${asking.join(", ")} ${asking.length === 1 ? "asks" : "ask"} for a second factor`}</p>
          <p className="text-quiet">
            {has
              ? "Your account has one, and this session has not shown it yet. Every page of the organization asks for it."
              : "Set up an authenticator app or add a passkey below. That shows it too."}
          </p>
        </>
      ) : (
        security && <p className="font-medium">{standsOf(security, has)}</p>
      )}
      {next && <Button onClick={() => router.history.push(next)}>Back to where you were</Button>}
    </section>
  );
}
