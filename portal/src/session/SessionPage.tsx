import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError } from "~/api/problem";
import { Button } from "~/design/Button";
import { TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { signIn, signInByPasskey, signUp, type SecondStep } from "./data";
import { MailSignIn } from "./MailSignIn";
import { canUsePasskeys } from "./passkeys";
import { dropNext, pathOfHere } from "./next";
import { leaveFor, problemOf, takeSecondStep, useProviders } from "./providers";
import { SecondFactorForm } from "./SecondFactorForm";
import { Sheet } from "./Sheet";
import { typedEmail } from "./typed";

/** Back to where the visitor was stopped; only ever a path of this site. */
function useReturn(): () => void {
  const next = pathOfHere(useSearch({ from: "/public" }).next);
  const router = useRouter();
  const navigate = useNavigate();
  return () => {
    dropNext();
    if (next) router.history.push(next);
    else void navigate({ to: "/subscriptions" });
  };
}

export function SignInPage() {
  const goOn = useReturn();
  const { next, problem } = useSearch({ from: "/public" });
  const [second, setSecond] = useState<SecondStep | null>(takeSecondStep);
  const providers = useProviders();
  const provider = useMutation({ mutationFn: (chosen: (typeof providers)[number]) => leaveFor(chosen, pathOfHere(next)) });
  const refused = problemOf(problem);
  const [byMail, setByMail] = useState(false);
  const onStep = (step: SecondStep | null) => (step ? setSecond(step) : goOn());
  const passkey = useMutation({ mutationFn: signInByPasskey, onSuccess: goOn });
  const other = (
    <>
      New here?{" "}
      <Link to="/sign-up" search={{ next }} className="link text-ink">
        Create an account
      </Link>
    </>
  );
  if (second)
    return (
      <Sheet title="One more step" lead="Your account has a second factor.">
        <SecondFactorForm step={second} onDone={goOn} onAgain={() => setSecond(null)} />
      </Sheet>
    );
  return (
    <Sheet title="Sign in" lead={next ? "Sign in to go on where you were." : "Your subscriptions, keys and APIs."} other={other}>
      {refused && <div className="mt-24"><Failed error={refused} what="You are not signed in." /></div>}
      {byMail ? <MailSignIn next={next} onStep={onStep} /> : <PasswordForm onStep={onStep} />}
      <div className="flex flex-wrap gap-8 mt-24 pt-16 border-t border-line">
        <Button onClick={() => setByMail(!byMail)}>{byMail ? "Use your password" : "Mail me a code"}</Button>
        {canUsePasskeys() && (
          <Button busy={passkey.isPending} onClick={() => passkey.mutate()}>
            Use a passkey
          </Button>
        )}
        {providers.map((one) => (
          <Button key={one.id} busy={provider.isPending && provider.variables.id === one.id} onClick={() => provider.mutate(one)}>
            Go on with {one.name}
          </Button>
        ))}
        {provider.error && <Failed error={provider.error} what="You are not signed in." />}
        {passkey.error && <Failed error={passkeyError(passkey.error)} what="You are not signed in." />}
      </div>
    </Sheet>
  );
}

/** The browser's own errors are for programmers. */
const passkeyError = (cause: unknown): unknown => (cause instanceof DOMException ? new ApiError(0, "PASSKEY_CANCELED", "No passkey was used. Try again, or sign in another way.", null) : cause);

function PasswordForm({ onStep }: { onStep: (step: SecondStep | null) => void }) {
  const form = useForm(["email", "password"], (values) => signIn({ email: textOf(values, "email"), password: String(values.get("password") ?? "") }), onStep);
  // Which of the two it is, nobody is told.
  const wrong = form.problem?.code === "INVALID_CREDENTIALS";
  return (
    <form className="grid gap-16 mt-24" {...form.props}>
      {form.problem && !wrong && <Failed error={form.problem} what="You are not signed in." />}
      <TextField label="E-mail" name="email" type="email" autoComplete="username" required {...typedEmail()} error={form.errorOf("email")} />
      <TextField label="Password" name="password" type="password" autoComplete="current-password" required error={wrong ? "E-mail or password is not right." : form.errorOf("password")} />
      <Button type="submit" kind="signal" size="large" busy={form.busy}>
        Sign in
      </Button>
      <p className="text-13">
        <Link to="/forgot-password" className="link">
          Forgot your password?
        </Link>
      </p>
    </form>
  );
}

export function SignUpPage() {
  const goOn = useReturn();
  const { next } = useSearch({ from: "/public" });
  const form = useForm(
    ["name", "email", "password"],
    (values) => signUp({ name: textOf(values, "name"), email: textOf(values, "email"), password: String(values.get("password") ?? "") }),
    goOn,
  );
  const taken = form.problem?.code === "EMAIL_TAKEN";
  return (
    <Sheet
      title="Create an account"
      lead="You get an organization of your own. It costs nothing until you subscribe to something that does."
      other={
        <>
          Have an account?{" "}
          <Link to="/sign-in" search={{ next }} className="link text-ink">
            Sign in
          </Link>
        </>
      }
    >
      <form className="grid gap-16 mt-24" {...form.props}>
        {form.problem && !taken && <Failed error={form.problem} what="No account was made." />}
        <TextField label="Name" name="name" autoComplete="name" required error={form.errorOf("name")} />
        <TextField
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          required
          {...typedEmail()}
          error={taken ? "There is an account with this address. Sign in instead." : form.errorOf("email")}
        />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="new-password"
          required
          hint="At least 8 characters. A few words that only you would put together work well."
          error={form.errorOf("password")}
        />
        <Button type="submit" kind="signal" size="large" busy={form.busy}>
          Create account
        </Button>
      </form>
    </Sheet>
  );
}
