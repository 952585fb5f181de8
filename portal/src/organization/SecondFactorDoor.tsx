import { useQuery } from "@tanstack/react-query";
import { useRouterState } from "@tanstack/react-router";
import { useState } from "react";
import { securityQuery } from "~/account/data";
import { StepUpProvider } from "~/account/StepUp";
import { StepUpForm } from "~/account/StepUpForm";
import { failureOf } from "~/api/query";
import { ButtonLink } from "~/design/Button";
import { Failed, Lines } from "~/design/States";
import { usePageTitle } from "~/design/usePage";
import type { Membership } from "~/session/data";
import { placeOf } from "~/session/next";
import { canUsePasskeys } from "~/session/passkeys";
import { EndSection } from "./EndSection";

/** In place of every page of an organization that asks for a second factor, until this session has shown one. */
export function SecondFactorDoor({ of }: { of: Membership }) {
  const query = useQuery(securityQuery);
  const title = `${of.name} asks for a second factor`;
  usePageTitle(title);
  return (
    <div className="grid gap-40 max-w-prose">
      <section className="grid gap-16">
        <h1 className="text-26 font-semibold">{title}</h1>
        {failureOf(query) ? (
          <Failed error={query.error} what="It is not known yet what your account has." retry={() => void query.refetch()} />
        ) : !query.data ? (
          <Lines rows={2} />
        ) : query.data.totp || query.data.passkeys.length > 0 ? (
          <Show has={{ totp: query.data.totp, passkeys: query.data.passkeys.length > 0 && canUsePasskeys() }} />
        ) : (
          <SetUp name={of.name} />
        )}
      </section>
      {!of.personal && (
        <StepUpProvider>
          <EndSection organization={of} />
        </StepUpProvider>
      )}
    </div>
  );
}

function SetUp({ name }: { name: string }) {
  const next = useRouterState({ select: (state) => placeOf(state.location) });
  return (
    <>
      <p>Your account has none yet: whoever knows your password, or reads your mail, is in. Set up an authenticator app or add a passkey, which takes a minute. Then you come back here.</p>
      <p className="text-quiet">Until then nothing of {name} is shown to you. Your membership and your other organizations are as they were.</p>
      <div>
        <ButtonLink to="/account" search={{ next }} kind="signal" size="large">
          Set up a second factor
        </ButtonLink>
      </div>
    </>
  );
}

function Show({ has }: { has: { totp: boolean; passkeys: boolean } }) {
  const [shown, setShown] = useState(false);
  if (shown) return <Lines rows={2} />;
  return <StepUpForm lead="Your account has one, and this session has not shown it yet. It is shown until you sign out." has={{ ...has, password: false }} onShown={() => setShown(true)} />;
}
