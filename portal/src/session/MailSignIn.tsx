import { useState } from "react";
import { Button } from "~/design/Button";
import { TextField } from "~/design/Field";
import { arrive } from "~/design/focus";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { askForMail, signInByCode, type SecondStep } from "./data";
import { keepNext } from "./next";
import { typedEmail } from "./typed";

/** A mail with a code and a link: first the address, then the code. */
export function MailSignIn({ next, onStep }: { next: string | undefined; onStep: (step: SecondStep | null) => void }) {
  const [asked, setAsked] = useState<{ challenge: string; email: string }>();
  return asked ? <CodeForm asked={asked} onStep={onStep} onAgain={() => setAsked(undefined)} /> : <AddressForm next={next} onAsked={setAsked} />;
}

function AddressForm({ next, onAsked }: { next: string | undefined; onAsked: (asked: { challenge: string; email: string }) => void }) {
  const form = useForm(
    ["email"],
    async (values) => {
      const email = textOf(values, "email");
      const challenge = await askForMail(email);
      keepNext(next);
      return { challenge, email };
    },
    onAsked,
  );
  return (
    <form className="grid gap-16 mt-24" {...form.props}>
      {form.problem && <Failed error={form.problem} what="No mail was sent." />}
      <TextField label="E-mail" name="email" type="email" autoComplete="username" required ref={arrive} {...typedEmail()} error={form.errorOf("email")} />
      <Button type="submit" kind="signal" size="large" busy={form.busy}>
        Mail me a code
      </Button>
    </form>
  );
}

function CodeForm({ asked, onStep, onAgain }: { asked: { challenge: string; email: string }; onStep: (step: SecondStep | null) => void; onAgain: () => void }) {
  const form = useForm(["code"], (values) => signInByCode(asked.challenge, textOf(values, "code")), onStep);
  const wrong = form.problem?.code === "SIGN_IN_CODE_INVALID";
  return (
    <form className="grid gap-16 mt-24" {...form.props}>
      <p role="status">
        If <strong>{asked.email}</strong> has an account, a mail with a code and a link is on its way. Both work once, for ten minutes, in this browser.
      </p>
      {form.problem && !wrong && <Failed error={form.problem} what="You are not signed in." />}
      <TextField
        label="Code"
        name="code"
        inputMode="numeric"
        autoComplete="one-time-code"
        required
        mono
        ref={arrive}
        error={wrong ? "This code is wrong, was used, or is too old. After five wrong ones ask for another mail." : form.errorOf("code")}
      />
      <Button type="submit" kind="signal" size="large" busy={form.busy}>
        Sign in
      </Button>
      <div>
        <Button onClick={onAgain}>Ask for another mail</Button>
      </div>
    </form>
  );
}
