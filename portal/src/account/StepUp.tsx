import { useQuery } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useRef, useState, type ReactNode } from "react";
import { ApiError, toError } from "~/api/problem";
import { Dialog } from "~/design/Dialog";
import { canUsePasskeys } from "~/session/passkeys";
import { securityQuery } from "./data";
import { StepUpForm } from "./StepUpForm";

type Guard = <T>(act: () => Promise<T>) => Promise<T>;

const Guards = createContext<<T>(act: () => Promise<T>, why: string) => Promise<T>>((act) => act());

/**
 * Runs what is dangerous; where the server wants to know once more who is there, it asks and then goes on.
 * `why` says in a sentence what the act does, and to whom.
 */
export function useGuard(why: string): Guard {
  const guard = useContext(Guards);
  return useCallback<Guard>((act) => guard(act, why), [guard, why]);
}

export function StepUpProvider({ children }: { children: ReactNode }) {
  const [why, setWhy] = useState<string | null>(null);
  const settle = useRef<(shown: boolean) => void>(undefined);
  const end = (shown: boolean) => {
    setWhy(null);
    settle.current?.(shown);
    settle.current = undefined;
  };
  const guard = useCallback(async <T,>(act: () => Promise<T>, reason: string): Promise<T> => {
    try {
      return await act();
    } catch (cause) {
      if (toError(cause).code !== "STEP_UP_REQUIRED") throw cause;
      const shown = await new Promise<boolean>((resolve) => {
        settle.current = resolve;
        setWhy(reason);
      });
      if (!shown) throw new ApiError(0, "CANCELED", "You did not show who you are.", null);
      return act();
    }
  }, []);
  return (
    <Guards value={guard}>
      {children}
      <Dialog open={why !== null} title="Is it you?" onClose={() => end(false)}>
        <Asked why={why ?? ""} onShown={() => end(true)} />
      </Dialog>
    </Guards>
  );
}

/** What this account can show is known a moment later; until then it is taken to have a password, as most do. */
function Asked({ why, onShown }: { why: string; onShown: () => void }) {
  const { data: security } = useQuery(securityQuery);
  const has = { password: security?.password ?? true, totp: security?.totp ?? false, passkeys: (security?.passkeys.length ?? 0) > 0 && canUsePasskeys() };
  return <StepUpForm why={why} has={has} onShown={onShown} />;
}
