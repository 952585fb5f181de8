import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { AskFirst } from "~/design/AskFirst";
import { Button } from "~/design/Button";
import { arrive } from "~/design/focus";
import { Failed } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { newRecoveryCodes, offerTotp, removeTotp, type Security } from "./data";
import { RecoveryCodes } from "./RecoveryCodes";
import { Section } from "./Section";
import { useGuard } from "./StepUp";
import { TotpReplacement, TotpSetup } from "./TotpSetup";

/** The authenticator app: off, being set up, on with its recovery codes, or being replaced. */
export function TotpSection({ security }: { security: Security }) {
  const guard = useGuard("This changes what it takes to get into your account.");
  const [codes, setCodes] = useState<readonly string[]>();
  const [left, setLeft] = useState(false);
  const note = useNote();
  const offer = useMutation({ mutationFn: () => guard(offerTotp) });
  const replacement = useMutation({ mutationFn: () => guard(offerTotp) });
  const lead = security.totp
    ? `On. Signing in with a password or by mail asks for its code. ${security.recovery_codes_left} of 10 recovery codes are left.`
    : "Off. With it, a password or a mailbox alone lets nobody in.";
  // The server says by its answer whether it was the first app: another window may have turned one on or off since this one looked.
  const taken = (made: readonly string[]) => {
    if (made.length > 0) setCodes(made);
    else note("The new app counts now, and the old one works no more. Your recovery codes are as they were.");
  };
  return (
    <Section title="Authenticator app" lead={lead}>
      {offer.error && <Failed error={offer.error} what="Nothing was changed." />}
      {replacement.error && <Failed error={replacement.error} what="The app is as it was." />}
      {codes && <RecoveryCodes key={codes[0]} codes={codes} />}
      {!security.totp && !offer.data && (
        <div>
          <Button ref={left ? arrive : undefined} busy={offer.isPending} onClick={() => offer.mutate()}>
            Set up an app
          </Button>
        </div>
      )}
      {!security.totp && offer.data && (
        <TotpSetup
          offer={offer.data}
          onDone={taken}
          onLeave={() => {
            setLeft(true);
            offer.reset();
          }}
        />
      )}
      {security.totp && (
        <div className="flex flex-wrap gap-8">
          <Button aria-label="Replace the authenticator app" busy={replacement.isPending} onClick={() => replacement.mutate()}>
            Replace
          </Button>
          <AskFirst
            label="New recovery codes"
            kind="plain"
            title="Make new recovery codes?"
            verb="Make new codes"
            otherwise="Keep the old ones"
            failed="The old codes still work."
            act={() => guard(newRecoveryCodes)}
            done={setCodes}
          >
            <p>The old ones work no more from that moment. The new ones are shown once.</p>
          </AskFirst>
          <AskFirst
            label="Turn off"
            title="Turn the authenticator app off?"
            verb="Turn off"
            otherwise="Keep it on"
            failed="It is still on."
            act={() => guard(removeTotp)}
            done={() => {
              setCodes(undefined);
              offer.reset();
            }}
          >
            <p>A password or a mailbox alone lets in again. Its recovery codes end with it.</p>
          </AskFirst>
        </div>
      )}
      {replacement.data && (
        <TotpReplacement
          offer={replacement.data}
          onDone={(made) => {
            replacement.reset();
            taken(made);
          }}
          onLeave={() => replacement.reset()}
        />
      )}
    </Section>
  );
}
