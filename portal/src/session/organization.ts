import { useSyncExternalStore } from "react";
import { useSession, type Membership } from "./data";

const storageKey = "tollgate.organization";
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function chooseOrganization(id: string): void {
  localStorage.setItem(storageKey, id);
  for (const listener of listeners) listener();
}

const working: readonly string[] = ["owner", "admin", "developer"];

/** Whether one's role lets work with APIs, subscriptions, keys and single calls. Who may not is offered no button for it; the server refuses in any case. */
export function useMayWork(organization: string | undefined): boolean {
  const role = useSession()?.organizations.find((each) => each.id === organization)?.role;
  return role !== undefined && working.includes(role);
}

/** The organization that the desk works for: the last one chosen, else the first. Undefined for a visitor. */
export function useOrganization(): Membership | undefined {
  const chosen = useSyncExternalStore(subscribe, () => localStorage.getItem(storageKey));
  const organizations = useSession()?.organizations ?? [];
  return organizations.find((each) => each.id === chosen) ?? organizations[0];
}
