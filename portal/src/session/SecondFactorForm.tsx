import { useState } from "react";
import { Button } from "~/design/Button";
import { TextField } from "~/design/Field";
import { arrive } from "~/design/focus";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { signInBySecondFactor, type SecondStep } from "./data";

/** The second step: the authenticator app, or a recovery code where that is gone. */
export function SecondFactorForm({ step, onDone, onAgain }: { step: SecondStep; onDone: () => void; onAgain: () => void }) {
  const [recovery, setRecovery] = useState(false);
  const form = useForm(
    ["code"],
    (values) => signInBySecondFactor(step.challenge, recovery ? { recovery_code: textOf(values, "code") } : { code: textOf(values, "code") }),
    onDone,
  );
  const wrong = form.problem?.code === "SECOND_FACTOR_INVALID";
  return (
    <form className="grid gap-16 mt-24" {...form.props} key={String(recovery)}>
      {form.problem && !wrong && <Failed error={form.problem} what="You are not signed in." retry={form.problem.code === "SIGN_IN_EXPIRED" ? onAgain : undefined} />}
      <TextField
        label={recovery ? "Recovery code" : "Code of your authenticator app"}
        name="code"
        autoComplete="one-time-code"
        inputMode={recovery ? "text" : "numeric"}
        required
        mono
        ref={arrive}
        error={wrong ? "This code is wrong or was used before." : form.errorOf("code", "recovery_code")}
      />
      <Button type="submit" kind="signal" size="large" busy={form.busy}>
        Go on
      </Button>
      <div className="flex flex-wrap gap-8">
        <Button onClick={() => setRecovery(!recovery)}>{recovery ? "Use the authenticator app" : "Use a recovery code"}</Button>
        <Button onClick={onAgain}>Sign in another way</Button>
      </div>
    </form>
  );
}
