import { useRef, useState } from "react";
import { Button } from "~/design/Button";
import { TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { changeEmail, type Security } from "./data";
import { ProofForm } from "./ProofForm";
import { Section } from "./Section";
import { useGuard } from "./StepUp";

export function EmailSection({ security }: { security: Security }) {
  const [asked, setAsked] = useState<string>();
  return (
    <Section title="E-mail address" lead={security.email_verified ? `${security.email}, confirmed.` : `${security.email}, not confirmed yet: nothing can be published, and no invitation accepted.`}>
      {!security.email_verified && <ProofForm what={`We mailed a code and a link to ${security.email}.`} again />}
      {security.email_verified && asked && asked !== security.email && <ProofForm what={`We mailed a code and a link to ${asked}. Until it is confirmed, the old address stays.`} />}
      <ChangeForm onAsked={setAsked} />
    </Section>
  );
}

function ChangeForm({ onAsked }: { onAsked: (email: string) => void }) {
  const guard = useGuard("This changes the address by which you get into your account.");
  const element = useRef<HTMLFormElement>(null);
  const form = useForm(
    ["email"],
    async (values) => {
      const email = textOf(values, "email");
      await guard(() => changeEmail(email));
      return email;
    },
    (email) => {
      element.current?.reset();
      onAsked(email);
    },
  );
  return (
    <form ref={element} className="grid gap-12" {...form.props} aria-label="Change the address">
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
