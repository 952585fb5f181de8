import { Button } from "~/design/Button";
import { CopyButton } from "~/design/Copy";
import { Dialog } from "~/design/Dialog";
import { TextField } from "~/design/Field";
import { arrive } from "~/design/focus";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { confirmTotp, type TotpOffer } from "./data";
import { useGuard } from "./StepUp";

interface SetupProps {
  offer: TotpOffer;
  onDone: (codes: readonly string[]) => void;
  onLeave: () => void;
}

interface ConfirmProps extends SetupProps {
  label: string;
  lead: string;
  verb: string;
  otherwise: string;
  /** What is still so when it did not work. */
  failed: string;
}

/** The first app, in its place on the page. */
export function TotpSetup(props: SetupProps) {
  return (
    <ConfirmForm
      {...props}
      label="Set up the app"
      lead="Scan this with your app, then type the code that it shows."
      verb="Turn on"
      otherwise="Not now"
      failed="The app is not on yet."
    />
  );
}

/** Another app in place of the one that is on; nothing changes until the new one has shown a code. */
export function TotpReplacement(props: SetupProps) {
  return (
    <Dialog open title="Replace the authenticator app" onClose={props.onLeave}>
      <ConfirmForm
        {...props}
        label="Set up the new app"
        lead="Scan this with the new app, then type the code that it shows. Until then the old app goes on working, from then on no more. Your recovery codes stay."
        verb="Replace"
        otherwise="Keep the old app"
        failed="The old app is still the one that counts."
      />
    </Dialog>
  );
}

function ConfirmForm({ offer, onDone, onLeave, label, lead, verb, otherwise, failed }: ConfirmProps) {
  const guard = useGuard("This changes what it takes to get into your account.");
  const form = useForm(["code"], (values) => guard(() => confirmTotp(textOf(values, "code"))), onDone);
  const wrong = form.problem?.code === "SECOND_FACTOR_INVALID";
  return (
    <form className="grid gap-12" {...form.props} aria-label={label}>
      <p ref={arrive} tabIndex={-1} data-focus className="outline-none">
        {lead}
      </p>
      <img src={offer.qr_code} alt="QR code for an authenticator app" width={196} height={196} />
      <p className="text-13 text-quiet">
        Without a camera: <code className="break-all">{offer.secret}</code> <CopyButton text={offer.secret} name="Copy the secret" />
      </p>
      {form.problem && !wrong && <Failed error={form.problem} what={failed} />}
      <TextField label="Code" name="code" inputMode="numeric" autoComplete="one-time-code" required mono error={wrong ? "This is not its code of now. Is the clock of your phone right?" : form.errorOf("code")} />
      <div className="flex flex-wrap gap-8">
        <Button type="submit" busy={form.busy}>
          {verb}
        </Button>
        <Button kind="quiet" onClick={onLeave}>
          {otherwise}
        </Button>
      </div>
    </form>
  );
}
