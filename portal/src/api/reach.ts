import { useSyncExternalStore } from "react";

// Whether the program answers at all, as the last call found. Every call through the client says it here.
let away = false;
const listeners = new Set<() => void>();

export function heard(answered: boolean): void {
  if (away === !answered) return;
  away = !answered;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const isAway = (): boolean => away;
export const useAway = (): boolean => useSyncExternalStore(subscribe, isAway);
