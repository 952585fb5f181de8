import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Button, ButtonLink } from "~/design/Button";
import { TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { askForReset, resetPassword } from "./data";
import { NoLink } from "./NoLink";
import { useSecret } from "./secret";
import { Sheet } from "./Sheet";
import { typedEmail } from "./typed";

export function ForgotPasswordPage() {
  const [sent, setSent] = useState(false);
  const form = useForm(["email"], (values) => askForReset(textOf(values, "email")), () => setSent(true));
  return (
    <Sheet title="Choose a new password" lead="We mail you a link. A second factor stays as it is." other={<Link to="/sign-in" className="link text-ink">Back to sign in</Link>}>
      {sent ? (
        <p role="status" className="mt-24">
          If the address has an account, a mail is on its way. Its link works once, for ten minutes.
        </p>
      ) : (
        <form className="grid gap-16 mt-24" {...form.props}>
          {form.problem && <Failed error={form.problem} what="No mail was sent." />}
          <TextField label="E-mail" name="email" type="email" autoComplete="username" required {...typedEmail()} error={form.errorOf("email")} />
          <Button type="submit" kind="signal" size="large" busy={form.busy}>
            Mail me a link
          </Button>
        </form>
      )}
    </Sheet>
  );
}

export function ResetPasswordPage() {
  const { secret, turn } = useSecret();
  return secret === "" ? (
    <NoLink title="Choose a new password">
      <ButtonLink to="/forgot-password">Ask for another link</ButtonLink>
    </NoLink>
  ) : (
    <NewPassword key={turn} secret={secret} />
  );
}

function NewPassword({ secret }: { secret: string }) {
  const [done, setDone] = useState(false);
  const form = useForm(["password"], (values) => resetPassword(secret, String(values.get("password") ?? "")), () => setDone(true));
  return (
    <Sheet title={done ? "Your password is new" : "Choose a new password"} lead={done ? "All devices are signed out. Sign in with the new one." : "It ends all sessions, on every device."}>
      {done ? (
        <div className="mt-24">
          <ButtonLink to="/sign-in" kind="signal">
            Sign in
          </ButtonLink>
        </div>
      ) : (
        <form className="grid gap-16 mt-24" {...form.props}>
          {form.problem && <Failed error={form.problem} what="Your password was not changed." />}
          <TextField label="New password" name="password" type="password" autoComplete="new-password" required hint="At least 8 characters. A few words that only you would put together work well." error={form.errorOf("password")} />
          <Button type="submit" kind="signal" size="large" busy={form.busy}>
            Save password
          </Button>
        </form>
      )}
    </Sheet>
  );
}
