import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { toError } from "~/api/problem";
import { Button, ButtonLink } from "~/design/Button";
import { TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { askForReset, resetPassword, signInByLink, useSession, verifyEmail, type Me, type SecondStep } from "./data";
import { SecondFactorForm } from "./SecondFactorForm";
import { forget, useKeptSecret, useSecret, verificationSecret } from "./secret";
import { Sheet } from "./Sheet";

/** Runs once by itself: opening the link is the wish. */
function useOnce<T>(act: () => Promise<T>, done: (result: T) => void) {
  const mutation = useMutation({ mutationFn: act, onSuccess: done });
  const { mutate } = mutation;
  useEffect(() => {
    // A moment later, so that a page that is built twice (in development) asks once.
    const timer = setTimeout(() => mutate(), 0);
    return () => clearTimeout(timer);
  }, [mutate]);
  return mutation;
}

export function SignInLinkPage() {
  const secret = useSecret();
  const navigate = useNavigate();
  const [second, setSecond] = useState<SecondStep>();
  const goOn = () => void navigate({ to: "/subscriptions" });
  const link = useOnce(
    () => signInByLink(secret),
    (step) => (step ? setSecond(step) : goOn()),
  );
  if (second)
    return (
      <Sheet title="One more step" lead="Your account has a second factor.">
        <SecondFactorForm step={second} onDone={goOn} onAgain={() => void navigate({ to: "/sign-in" })} />
      </Sheet>
    );
  return (
    <Sheet title="Sign in" lead={link.isError ? "The link did not sign you in." : "One moment."} other={<Link to="/sign-in" className="link text-ink">Sign in another way</Link>}>
      {link.isError && <div className="mt-24"><Failed error={link.error} what="You are not signed in." /></div>}
    </Sheet>
  );
}

/** The link counts only for who is signed in to the account that it was mailed for. */
export function VerifyEmailPage() {
  const secret = useKeptSecret(verificationSecret);
  const session = useSession();
  if (session) return <Proof secret={secret} me={session} />;
  if (session === undefined) return <Sheet title="Confirm your address" lead="One moment." />;
  return (
    <Sheet title="Confirm your address" lead="Sign in to the account that this mail was for; then it is done. If you did not register, close this page: without you nobody can confirm your address.">
      <div className="mt-24">
        <ButtonLink to="/sign-in" search={{ next: "/verify-email" }} kind="signal">
          Sign in
        </ButtonLink>
      </div>
    </Sheet>
  );
}

function Proof({ secret, me }: { secret: string; me: Me }) {
  const proof = useOnce(
    () => verifyEmail({ token: secret }).finally(() => forget(verificationSecret)),
    () => undefined,
  );
  const code = proof.isError ? toError(proof.error).code : undefined;
  // Who signed in by a mail has shown the address by that, and the link is worth nothing more.
  const known = code === "EMAIL_PROOF_INVALID" && me.account.email_verified;
  const lead = proof.isSuccess
    ? "Thank you. The address is yours, and everything is open to you."
    : known
      ? `${me.account.email} is confirmed. This link is used up.`
      : proof.isError
        ? "The link did not confirm anything."
        : "One moment.";
  const what = code === "EMAIL_PROOF_INVALID" ? "Ask for another mail on the security page of your account." : code === "UNAUTHENTICATED" ? `You are signed in as ${me.account.email}.` : undefined;
  return (
    <Sheet title={proof.isSuccess ? "Address confirmed" : "Confirm your address"} lead={lead}>
      <div className="grid gap-16 mt-24 justify-items-start">
        {proof.isError && !known && <Failed error={proof.error} what={what} />}
        {(proof.isSuccess || proof.isError) && <ButtonLink to="/account">Go to your account</ButtonLink>}
      </div>
    </Sheet>
  );
}

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
          <TextField label="E-mail" name="email" type="email" autoComplete="username" required error={form.errorOf("email")} />
          <Button type="submit" kind="signal" size="large" busy={form.busy}>
            Mail me a link
          </Button>
        </form>
      )}
    </Sheet>
  );
}

export function ResetPasswordPage() {
  const secret = useSecret();
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
