import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { AskFirst } from "~/design/AskFirst";
import { Button } from "~/design/Button";
import { CopyButton } from "~/design/Copy";
import { TextField } from "~/design/Field";
import { arrive } from "~/design/focus";
import { saveFile } from "~/design/saveFile";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { confirmTotp, newRecoveryCodes, offerTotp, removeTotp, type Security } from "./data";
import { Section } from "./Section";
import { useGuard } from "./StepUp";

/** The authenticator app: off, being set up, or on with its recovery codes. */
export function TotpSection({ security }: { security: Security }) {
  const guard = useGuard("This changes what it takes to get into your account.");
  const [codes, setCodes] = useState<readonly string[]>();
  const offer = useMutation({ mutationFn: () => guard(offerTotp) });
  const lead = security.totp
    ? `On. Signing in with a password or by mail asks for its code. ${security.recovery_codes_left} of 10 recovery codes are left.`
    : "Off. With it, a password or a mailbox alone lets nobody in.";
  return (
    <Section title="Authenticator app" lead={lead}>
      {offer.error && <Failed error={offer.error} what="Nothing was changed." />}
      {codes && <RecoveryCodes codes={codes} />}
      {!security.totp && !offer.data && (
        <div>
          <Button busy={offer.isPending} onClick={() => offer.mutate()}>
            Set up an app
          </Button>
        </div>
      )}
      {!security.totp && offer.data && <Setup offer={offer.data} onDone={setCodes} onLeave={() => offer.reset()} />}
      {security.totp && (
        <div className="flex flex-wrap gap-8">
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
    </Section>
  );
}

interface SetupProps {
  offer: { secret: string; qr_code: string };
  onDone: (codes: readonly string[]) => void;
  onLeave: () => void;
}

function Setup({ offer, onDone, onLeave }: SetupProps) {
  const form = useForm(["code"], (values) => confirmTotp(textOf(values, "code")), onDone);
  const wrong = form.problem?.code === "SECOND_FACTOR_INVALID";
  return (
    <form className="grid gap-12" {...form.props} aria-label="Set up the app">
      <p ref={arrive} tabIndex={-1} className="outline-none">
        Scan this with your app, then type the code that it shows.
      </p>
      <img src={offer.qr_code} alt="QR code for an authenticator app" width={196} height={196} />
      <p className="text-13 text-quiet">
        Without a camera: <code className="break-all">{offer.secret}</code> <CopyButton text={offer.secret} name="Copy the secret" />
      </p>
      {form.problem && !wrong && <Failed error={form.problem} what="The app is not on yet." />}
      <TextField label="Code" name="code" inputMode="numeric" autoComplete="one-time-code" required mono error={wrong ? "This is not its code of now. Is the clock of your phone right?" : form.errorOf("code")} />
      <div className="flex flex-wrap gap-8">
        <Button type="submit" busy={form.busy}>
          Turn on
        </Button>
        <Button kind="quiet" onClick={onLeave}>
          Not now
        </Button>
      </div>
    </form>
  );
}

function RecoveryCodes({ codes }: { codes: readonly string[] }) {
  const text = codes.join("\n");
  return (
    <div className="border-l-2 border-signal pl-16 grid gap-12" role="status">
      <p ref={arrive} tabIndex={-1} className="font-medium outline-none">
        Your recovery codes. They are shown this once.
      </p>
      <ul className="grid grid-cols-2 gap-4 max-w-form" aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <p className="text-13 text-quiet">Keep them where you keep papers. Each lets you in once when your phone is gone.</p>
      <div className="flex flex-wrap gap-8">
        <CopyButton text={text} label="Copy codes" kind="plain" />
        <Button onClick={() => saveFile("tollgate-recovery-codes.txt", `${text}\n`)}>
          <Download aria-hidden className="size-16" />
          Download
        </Button>
      </div>
    </div>
  );
}
