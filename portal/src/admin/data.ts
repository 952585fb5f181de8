import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Answer } from "@tollgate/sdk";
import { take, tollgate } from "~/api/client";
import { queryClient } from "~/api/query";
import type { AdminFilters } from "./filters";

export type AdminAccount = Answer<"/api/admin/accounts", "get">["data"][number];
export type AdminAccountDetail = Answer<"/api/admin/accounts/{id}", "get">;
export type AdminSession = AdminAccountDetail["sessions"][number];
export type AdminOrganizationDetail = Answer<"/api/admin/organizations/{id}", "get">;
export type AdminOrganization = Answer<"/api/admin/organizations", "get">["data"][number];

export const accountsQuery = (filters: AdminFilters) =>
  infiniteQueryOptions({
    queryKey: ["admin", "accounts", filters.q, filters.status],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => take(tollgate.GET("/api/admin/accounts", { params: { query: { q: filters.q, status: filters.status, limit: 50, after: pageParam } } })),
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const organizationsQuery = (filters: AdminFilters) =>
  infiniteQueryOptions({
    queryKey: ["admin", "organizations", filters.q, filters.status],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => take(tollgate.GET("/api/admin/organizations", { params: { query: { q: filters.q, status: filters.status, limit: 50, after: pageParam } } })),
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const accountQuery = (id: string) =>
  queryOptions({ queryKey: ["admin", "account", id], queryFn: () => take(tollgate.GET("/api/admin/accounts/{id}", { params: { path: { id } } })) });

export const organizationQuery = (id: string) =>
  queryOptions({ queryKey: ["admin", "organization", id], queryFn: () => take(tollgate.GET("/api/admin/organizations/{id}", { params: { path: { id } } })) });

/** What an account is, for a list: deleted goes before disabled, which it is too. */
export const accountState = (account: AdminAccount): "deleted" | "disabled" | "operator" | "active" =>
  account.deleted_at ? "deleted" : account.disabled_at ? "disabled" : account.role === "admin" ? "operator" : "active";

/** What an organization is, for a list: one that was removed may have been suspended before. */
export const organizationState = (organization: AdminOrganization): "removed" | "suspended" | "active" =>
  organization.removed_at ? "removed" : organization.suspension ? "suspended" : "active";

/** Under which slug people know it: a removed one has none any more, and that of somebody who is gone nobody is told. */
export const knownSlug = (organization: AdminOrganization): string | undefined => (organization.removed_at ? organization.former_slugs[0] : organization.slug);

const changed = () => queryClient.invalidateQueries({ queryKey: ["admin"] });
const at = (id: string) => ({ params: { path: { id } } });

export async function disableAccount(id: string): Promise<void> {
  await take(tollgate.POST("/api/admin/accounts/{id}/disable", { ...at(id), body: { reason: null } }));
  await changed();
}

export async function enableAccount(id: string): Promise<void> {
  await take(tollgate.POST("/api/admin/accounts/{id}/enable", at(id)));
  await changed();
}

export async function setRole(id: string, role: "user" | "admin"): Promise<void> {
  await take(tollgate.PUT("/api/admin/accounts/{id}/role", { ...at(id), body: { role } }));
  await changed();
}

export async function endSessions(id: string): Promise<void> {
  await take(tollgate.DELETE("/api/admin/accounts/{id}/sessions", at(id)));
  await changed();
}

export async function removeSecondFactors(id: string, reason: string): Promise<void> {
  await take(tollgate.DELETE("/api/admin/accounts/{id}/second-factor", { ...at(id), body: { reason } }));
  await changed();
}

export async function suspendOrganization(id: string, reason: string): Promise<void> {
  await take(tollgate.POST("/api/admin/organizations/{id}/suspend", { ...at(id), body: { reason } }));
  await changed();
}

export async function unsuspendOrganization(id: string): Promise<void> {
  await take(tollgate.POST("/api/admin/organizations/{id}/unsuspend", at(id)));
  await changed();
}

export async function endSession(id: string): Promise<void> {
  await take(tollgate.DELETE("/api/admin/sessions/{id}", at(id)));
  await changed();
}
