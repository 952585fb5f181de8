import { useMutation } from "@tanstack/react-query";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "~/design/Button";
import { TextField } from "~/design/Field";
import { arrive } from "~/design/focus";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { signOut } from "~/session/data";
import { placeOf } from "~/session/next";
import { stepUp, stepUpByPasskey } from "./data";

/** What an account can show itself by, beside a new sign-in. */
interface Shows {
  password: boolean;
  totp: boolean;
  passkeys: boolean;
}

interface StepUpFormProps {
  /** What is about to happen, and what has to be shown for it. */
  lead: string;
  has: Shows;
  onShown: () => void;
}

type Way = "password" | "code" | "recovery";

const offers: Record<Way, string> = { password: "Use your password", code: "Use your authenticator app", recovery: "Use a recovery code" };

export function StepUpForm({ lead, has, onShown }: StepUpFormProps) {
  const [chosen, setChosen] = useState<Way>();
  const passkey = useMutation({ mutationFn: stepUpByPasskey, onSuccess: onShown });
  const ways: Way[] = [...(has.password ? ["password" as const] : []), ...(has.totp ? ["code" as const, "recovery" as const] : [])];
  // What it has is known a moment after this is shown.
  const way = chosen && ways.includes(chosen) ? chosen : ways[0];
  // A recovery code is for who has no app at hand, and is not wasted by who asked for another way.
  const others = ways.filter((each) => each !== way && (each !== "recovery" || way === "code"));
  return (
    <div className="grid gap-16">
      <p className="text-quiet">{lead}</p>
      {way === "password" && <PasswordForm onShown={onShown} />}
      {(way === "code" || way === "recovery") && <CodeForm key={way} recovery={way === "recovery"} onShown={onShown} />}
      {(has.passkeys || others.length > 0) && (
        <div className="flex flex-wrap gap-8">
          {has.passkeys && (
            <Button busy={passkey.isPending} onClick={() => passkey.mutate()}>
              Use a passkey
            </Button>
          )}
          {others.map((each) => (
            <Button key={each} onClick={() => setChosen(each)}>
              {offers[each]}
            </Button>
          ))}
        </div>
      )}
      {passkey.error && (
        <p role="alert" className="text-13 text-bad">
          No passkey was used.
        </p>
      )}
      <SignInAgain only={!has.password && !has.totp && !has.passkeys} />
    </div>
  );
}

function PasswordForm({ onShown }: { onShown: () => void }) {
  const form = useForm(["password"], (values) => stepUp({ password: String(values.get("password") ?? "") }), onShown);
  return (
    <form className="grid gap-16" {...form.props} aria-label="Show who you are">
      {form.problem && <Failed error={form.problem} what="That did not show it." />}
      <TextField label="Your password" name="password" type="password" autoComplete="current-password" data-focus ref={arrive} required error={form.errorOf("password")} />
      <GoOn busy={form.busy} />
    </form>
  );
}

function CodeForm({ recovery, onShown }: { recovery: boolean; onShown: () => void }) {
  const form = useForm(["code"], (values) => stepUp(recovery ? { recovery_code: textOf(values, "code") } : { code: textOf(values, "code") }), onShown);
  const wrong = form.problem?.code === "SECOND_FACTOR_INVALID";
  return (
    <form className="grid gap-16" {...form.props} aria-label="Show who you are">
      {form.problem && !wrong && <Failed error={form.problem} what="That did not show it." />}
      <TextField
        label={recovery ? "Recovery code" : "Code of your authenticator app"}
        name="code"
        inputMode={recovery ? "text" : "numeric"}
        autoComplete="one-time-code"
        mono
        data-focus
        ref={arrive}
        required
        error={wrong ? "This code is wrong or was used before." : form.errorOf("code", "recovery_code")}
      />
      <GoOn busy={form.busy} />
    </form>
  );
}

function GoOn({ busy }: { busy: boolean }) {
  return (
    <div>
      <Button type="submit" kind="signal" busy={busy}>
        Go on
      </Button>
    </div>
  );
}

/** Who came by a mail or by a provider may have nothing else to show; a new sign-in shows it too, and leads back. */
function SignInAgain({ only }: { only: boolean }) {
  const navigate = useNavigate();
  const next = useRouterState({ select: (state) => placeOf(state.location) });
  const again = useMutation({ mutationFn: signOut, onSuccess: () => navigate({ to: "/sign-in", search: { next } }) });
  return (
    <div className={`grid gap-8 justify-items-start ${only ? "" : "border-t border-line pt-16"}`}>
      <p className={only ? "" : "text-13 text-quiet"}>
        {only ? "Your account has no password: sign out and in again as you came. " : "Nothing of this at hand? Signing in again shows it too. "}
        You come back to this page; what you typed on it is not kept.
      </p>
      <Button data-focus={only || undefined} ref={only ? arrive : undefined} busy={again.isPending} onClick={() => again.mutate()}>
        Sign out and in again
      </Button>
      {again.error && <Failed error={again.error} what="You are still signed in." />}
    </div>
  );
}
