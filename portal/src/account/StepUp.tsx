import { useMutation } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useRef, useState, type ReactNode } from "react";
import { ApiError, toError } from "~/api/problem";
import { Button } from "~/design/Button";
import { Dialog } from "~/design/Dialog";
import { TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { useForm } from "~/design/useForm";
import { canUsePasskeys } from "~/session/passkeys";
import { stepUp, stepUpByPasskey } from "./data";

type Guard = <T>(act: () => Promise<T>) => Promise<T>;

const Guards = createContext<Guard>((act) => act());

/** Runs what is dangerous; where the server wants to know once more who is there, it asks and then goes on. */
export const useGuard = (): Guard => useContext(Guards);

export function StepUpProvider({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const settle = useRef<(shown: boolean) => void>(undefined);
  const end = (shown: boolean) => {
    setOpen(false);
    settle.current?.(shown);
    settle.current = undefined;
  };
  const guard = useCallback<Guard>(async (act) => {
    try {
      return await act();
    } catch (cause) {
      if (toError(cause).code !== "STEP_UP_REQUIRED") throw cause;
      const shown = await new Promise<boolean>((resolve) => {
        settle.current = resolve;
        setOpen(true);
      });
      if (!shown) throw new ApiError(0, "CANCELED", "Nothing was changed.", null);
      return act();
    }
  }, []);
  return (
    <Guards value={guard}>
      {children}
      <Dialog open={open} title="Is it you?" onClose={() => end(false)}>
        <StepUpForm onShown={() => end(true)} />
      </Dialog>
    </Guards>
  );
}

function StepUpForm({ onShown }: { onShown: () => void }) {
  const form = useForm(["password"], (values) => stepUp({ password: String(values.get("password") ?? "") }), onShown);
  const passkey = useMutation({ mutationFn: stepUpByPasskey, onSuccess: onShown });
  return (
    <form className="grid gap-16" {...form.props}>
      <p className="text-quiet">This changes who can get into your account. Show once more who you are; it holds for ten minutes.</p>
      {form.problem && <Failed error={form.problem} what="That did not show it." />}
      <TextField label="Your password" name="password" type="password" autoComplete="current-password" data-focus required error={form.errorOf("password")} />
      <div className="flex flex-wrap gap-8">
        <Button type="submit" kind="signal" busy={form.busy}>
          Go on
        </Button>
        {canUsePasskeys() && (
          <Button busy={passkey.isPending} onClick={() => passkey.mutate()}>
            Use a passkey
          </Button>
        )}
      </div>
      {passkey.error && <p className="text-13 text-bad">No passkey was used.</p>}
    </form>
  );
}
