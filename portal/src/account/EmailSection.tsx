import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "~/design/Button";
import { TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { verifyEmail } from "~/session/data";
import { changeEmail, sendVerification, type Security } from "./data";
import { Section } from "./Section";
import { useGuard } from "./StepUp";

export function EmailSection({ security }: { security: Security }) {
  const [asked, setAsked] = useState<string>();
  return (
    <Section title="E-mail address" lead={security.email_verified ? `${security.email}, confirmed.` : `${security.email}, not confirmed yet: nothing can be published, and no invitation accepted.`}>
      {!security.email_verified && <ProofForm what={`We mailed a code and a link to ${security.email}.`} again />}
      {security.email_verified && asked && <ProofForm what={`We mailed a code and a link to ${asked}. Until it is confirmed, the old address stays.`} />}
      <ChangeForm onAsked={setAsked} />
    </Section>
  );
}

function ProofForm({ what, again = false }: { what: string; again?: boolean }) {
  const form = useForm(["code"], (values) => verifyEmail({ code: textOf(values, "code") }), () => undefined);
  const mail = useMutation({ mutationFn: sendVerification });
  const wrong = form.problem?.code === "EMAIL_PROOF_INVALID";
  return (
    <form className="grid gap-12 border-l-2 border-line pl-16" {...form.props} aria-label="Confirm the address">
      <p>{what}</p>
      {form.problem && !wrong && <Failed error={form.problem} />}
      <TextField label="Code of the mail" name="code" inputMode="numeric" autoComplete="one-time-code" mono error={wrong ? "This code is wrong, was used, or is too old." : form.errorOf("code")} />
      <div className="flex flex-wrap gap-8">
        <Button type="submit" busy={form.busy}>
          Confirm
        </Button>
        {again && (
          <Button kind="quiet" busy={mail.isPending} onClick={() => mail.mutate()}>
            {mail.isSuccess ? "Sent again" : "Send it again"}
          </Button>
        )}
      </div>
      {mail.error && <Failed error={mail.error} what="No mail was sent." />}
    </form>
  );
}

function ChangeForm({ onAsked }: { onAsked: (email: string) => void }) {
  const guard = useGuard();
  const form = useForm(
    ["email"],
    async (values) => {
      const email = textOf(values, "email");
      await guard(() => changeEmail(email));
      return email;
    },
    onAsked,
  );
  return (
    <form className="grid gap-12" {...form.props} aria-label="Change the address">
      {form.problem && <Failed error={form.problem} what="The address was not changed." />}
      <TextField label="New address" name="email" type="email" autoComplete="email" error={form.errorOf("email")} hint="Both addresses are told." />
      <div>
        <Button type="submit" busy={form.busy}>
          Change address
        </Button>
      </div>
    </form>
  );
}
