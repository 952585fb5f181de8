import { useQuery } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { Button } from "~/design/Button";
import { useSession } from "~/session/data";
import { pathOfHere } from "~/session/next";
import { securityQuery } from "./data";

/** Who was stopped for want of a second factor is told why they are here, and led back once it is shown. */
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
        <p className="font-medium">No organization of yours waits for a second factor.</p>
      )}
      {next && <Button onClick={() => router.history.push(next)}>Back to where you were</Button>}
    </section>
  );
}
