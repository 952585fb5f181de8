import { Link, useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Button } from "~/design/Button";
import { TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { usePageTitle } from "~/design/usePage";
import { signIn, signUp } from "./data";

/** Back to where the visitor was stopped; only ever a path of this site. */
function useReturn(): () => void {
  const { next } = useSearch({ from: "/public" });
  const router = useRouter();
  const navigate = useNavigate();
  return () => {
    if (next?.startsWith("/") && !next.startsWith("//")) router.history.push(next);
    else void navigate({ to: "/subscriptions" });
  };
}

function Sheet({ title, lead, children, other }: { title: string; lead: string; children: ReactNode; other: ReactNode }) {
  usePageTitle(title);
  return (
    <div className="mx-auto max-w-form py-40 md:py-64">
      <h1 className="text-26 font-semibold">{title}</h1>
      <p className="text-quiet mt-4">{lead}</p>
      {children}
      <p className="mt-24 pt-16 border-t border-line text-quiet text-13">{other}</p>
    </div>
  );
}

export function SignInPage() {
  const goOn = useReturn();
  const { next } = useSearch({ from: "/public" });
  const form = useForm(
    ["email", "password"],
    (values) => signIn({ email: textOf(values, "email"), password: String(values.get("password") ?? "") }),
    goOn,
  );
  // Which of the two it is, nobody is told.
  const wrong = form.problem?.code === "INVALID_CREDENTIALS";
  return (
    <Sheet
      title="Sign in"
      lead={next ? "Sign in to go on where you were." : "Your subscriptions, keys and APIs."}
      other={
        <>
          New here?{" "}
          <Link to="/sign-up" search={{ next }} className="link text-ink">
            Create an account
          </Link>
        </>
      }
    >
      <form className="grid gap-16 mt-24" {...form.props}>
        {form.problem && !wrong && <Failed error={form.problem} what="You are not signed in." />}
        <TextField label="E-mail" name="email" type="email" autoComplete="username" required error={form.errorOf("email")} />
        <TextField label="Password" name="password" type="password" autoComplete="current-password" required error={wrong ? "E-mail or password is not right." : form.errorOf("password")} />
        <Button type="submit" kind="signal" size="large" busy={form.busy}>
          Sign in
        </Button>
      </form>
    </Sheet>
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
