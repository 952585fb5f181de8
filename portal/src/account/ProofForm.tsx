import { useMutation } from "@tanstack/react-query";
import { Button } from "~/design/Button";
import { TextField } from "~/design/Field";
import { arrive } from "~/design/focus";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { verifyEmail } from "~/session/data";
import { sendVerification } from "./data";

/** The code of the mail that proves an address. */
export function ProofForm({ what, again = false }: { what: string; again?: boolean }) {
  const form = useForm(["code"], (values) => verifyEmail({ code: textOf(values, "code") }), () => undefined);
  const mail = useMutation({ mutationFn: sendVerification });
  const wrong = form.problem?.code === "EMAIL_PROOF_INVALID";
  return (
    <form className="grid gap-12 border-l-2 border-line pl-16" {...form.props} aria-label="Confirm the address">
      {/* Asked for just now it has the focus. */}
      <p ref={again ? undefined : arrive} tabIndex={-1} className="outline-none">
        {what}
      </p>
      {form.problem && !wrong && <Failed error={form.problem} />}
      <TextField label="Code of the mail" name="code" inputMode="numeric" autoComplete="one-time-code" mono error={wrong ? "This code is wrong, was used, or is too old." : form.errorOf("code")} />
      <div className="flex flex-wrap gap-8">
        <Button type="submit" busy={form.busy}>
          Confirm
        </Button>
        {again && (
          <Button kind="quiet" busy={mail.isPending} onClick={() => mail.mutate()}>
            <span aria-live="polite">{mail.isSuccess ? "Sent again" : "Send it again"}</span>
          </Button>
        )}
      </div>
      {mail.error && <Failed error={mail.error} what="No mail was sent." />}
    </form>
  );
}
