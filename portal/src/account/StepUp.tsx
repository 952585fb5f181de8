import { useQuery } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useRef, useState, type ReactNode } from "react";
import { ApiError, toError } from "~/api/problem";
import { queryClient } from "~/api/query";
import { Dialog } from "~/design/Dialog";
import { canUsePasskeys } from "~/session/passkeys";
import { securityQuery } from "./data";
import { guarded, type Wanted } from "./guard";
import { StepUpForm } from "./StepUpForm";

interface Asked {
  why: string;
  /** A password is not enough. */
  factorOnly: boolean;
}

type Guard = <T>(act: () => Promise<T>) => Promise<T>;

const Guards = createContext<<T>(act: () => Promise<T>, why: string) => Promise<T>>((act) => act());

/** Whoever has a second factor shows it where one is asked for; who has none is led to where one is set up, by the error itself. */
async function wants(cause: unknown): Promise<Wanted | null> {
  const { code } = toError(cause);
  if (code === "STEP_UP_REQUIRED") return "anything";
  if (code !== "SECOND_FACTOR_REQUIRED") return null;
  const security = await queryClient.fetchQuery(securityQuery);
  return security.totp || security.passkeys.length > 0 ? "factor" : null;
}

/**
 * Runs what is dangerous; where the server wants to know once more who is there, it asks and then goes on.
 * `why` says in a sentence what the act does, and to whom.
 */
export function useGuard(why: string): Guard {
  const guard = useContext(Guards);
  return useCallback<Guard>((act) => guard(act, why), [guard, why]);
}

export function StepUpProvider({ children }: { children: ReactNode }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const settle = useRef<(shown: boolean) => void>(undefined);
  const end = (shown: boolean) => {
    setAsked(null);
    settle.current?.(shown);
    settle.current = undefined;
  };
  const guard = useCallback(<T,>(act: () => Promise<T>, reason: string): Promise<T> => {
    const ask = async (what: Wanted) => {
      const shown = await new Promise<boolean>((resolve) => {
        settle.current = resolve;
        setAsked({ why: reason, factorOnly: what === "factor" });
      });
      if (!shown) throw new ApiError(0, "CANCELED", "You did not show who you are.", null);
    };
    return guarded(act, wants, ask);
  }, []);
  return (
    <Guards value={guard}>
      {children}
      <Dialog open={asked !== null} title="Is it you?" onClose={() => end(false)}>
        {asked && <Question {...asked} onShown={() => end(true)} />}
      </Dialog>
    </Guards>
  );
}

/** What this account can show is known a moment later; until then it is taken to have a password, as most do. */
function Question({ why, factorOnly, onShown }: Asked & { onShown: () => void }) {
  const { data: security } = useQuery(securityQuery);
  const has = { password: !factorOnly && (security?.password ?? true), totp: security?.totp ?? false, passkeys: (security?.passkeys.length ?? 0) > 0 && canUsePasskeys() };
  const lead = factorOnly ? `${why} Show your second factor first; it counts until you sign out.` : `${why} Show once more who you are; it holds for ten minutes.`;
  return <StepUpForm lead={lead} has={has} onShown={onShown} />;
}
