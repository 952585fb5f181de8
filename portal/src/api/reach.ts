import { useSyncExternalStore } from "react";

// Whether the program answers at all. Every call through the client says here whether it was answered; one that was not may have failed
// by itself (a proxy that gives up on it, a blocker that knows its address), so the program itself is asked before it is called away.
let away = false;
let asked: Promise<boolean> | null = null;
const listeners = new Set<() => void>();

function found(answered: boolean): void {
  if (away === !answered) return;
  away = !answered;
  for (const listener of listeners) listener();
}

export function heard(answered: boolean): void {
  if (answered) found(true);
  else if (!away) void ask();
}

/** Longer than this nobody waits to hear that somebody is there. */
const patience = 10_000;

/** Asks the program whether it is there; those who ask at the same time share the answer. */
export function ask(): Promise<boolean> {
  asked ??= fetch("/_api/healthz", { cache: "no-store", signal: AbortSignal.timeout(patience) })
    .then(
      (response) => response.ok,
      () => false,
    )
    .then((answered) => {
      asked = null;
      found(answered);
      return answered;
    });
  return asked;
}

/** Called when the program goes away and when it is there again. */
export function onReach(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const isAway = (): boolean => away;
export const useAway = (): boolean => useSyncExternalStore(onReach, isAway);
