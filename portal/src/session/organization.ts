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

export type Permission = Membership["permissions"][number];

/**
 * Whether one's role there allows it, as the server says. Who may not is offered no button for it; the server refuses in any case.
 * A node of the version before, which may answer while nodes are updated one after the other, says nothing of it.
 */
export const may = (organization: Partial<Pick<Membership, "permissions">> | undefined, permission: Permission): boolean => organization?.permissions?.includes(permission) ?? false;

/** The same of an organization that only its id is known of. */
export function useMay(organization: string | undefined, permission: Permission): boolean {
  return may(
    useSession()?.organizations.find((each) => each.id === organization),
    permission,
  );
}

/** The organization that the desk works for: the last one chosen, else the first. Undefined for a visitor. */
export function useOrganization(): Membership | undefined {
  const chosen = useSyncExternalStore(subscribe, () => localStorage.getItem(storageKey));
  const organizations = useSession()?.organizations ?? [];
  return organizations.find((each) => each.id === chosen) ?? organizations[0];
}
