import { queryOptions } from "@tanstack/react-query";
import type { Answer } from "@tollgate/sdk";
import { idempotencyKey, take, takeAll, tollgate } from "~/api/client";
import { queryClient } from "~/api/query";

export type Subscription = Answer<"/api/subscriptions/{id}", "get">;
type Created = Answer<"/api/subscriptions", "post">;
/** The answer that creates a subscription, and only it, carries the first key. */
export type NewSubscription = Created & { key: NonNullable<Created["key"]> };
export type Key = Answer<"/api/subscriptions/{id}/keys", "get">["data"][number];
export type NewKey = Answer<"/api/subscriptions/{id}/keys", "post">;
export type Endpoint = Answer<"/api/subscriptions/{id}/endpoints", "get">["data"][number];
/** What is said of a key; empty lists restrict nothing. */
export interface KeyDraft {
  name: string;
  scopes: string[];
  allowed_addresses: string[];
  expires_at: string | null;
}
export type Invoice = Answer<"/api/subscriptions/{id}/invoices/upcoming", "get">;

export const subscriptionsQuery = (organization: string | undefined) =>
  queryOptions({
    queryKey: ["subscriptions", "list", organization],
    queryFn: () => takeAll((after) => take(tollgate.GET("/api/subscriptions", { params: { query: { organization, limit: 100, after } } }))),
  });

export const subscriptionQuery = (id: string) =>
  queryOptions({
    queryKey: ["subscriptions", "one", id],
    refetchInterval: 10_000,
    queryFn: () => take(tollgate.GET("/api/subscriptions/{id}", { params: { path: { id } } })),
  });

export const keysQuery = (id: string) =>
  queryOptions({
    queryKey: ["subscriptions", "keys", id],
    queryFn: () => take(tollgate.GET("/api/subscriptions/{id}/keys", { params: { path: { id } } })),
  });

export const endpointsQuery = (id: string) =>
  queryOptions({
    queryKey: ["subscriptions", "endpoints", id],
    queryFn: () => take(tollgate.GET("/api/subscriptions/{id}/endpoints", { params: { path: { id } } })),
  });

export const upcomingInvoiceQuery = (id: string) =>
  queryOptions({
    queryKey: ["subscriptions", "invoice", id],
    refetchInterval: 30_000,
    queryFn: () => take(tollgate.GET("/api/subscriptions/{id}/invoices/upcoming", { params: { path: { id } } })),
  });

const changed = () => queryClient.invalidateQueries({ queryKey: ["subscriptions"] });
const creating = () => ({ "idempotency-key": idempotencyKey() });

export async function subscribe(planId: string, organization: string | undefined): Promise<NewSubscription> {
  const subscription = await take(tollgate.POST("/api/subscriptions", { headers: creating(), body: { plan_id: planId, organization: organization ?? null } }));
  void changed();
  void queryClient.invalidateQueries({ queryKey: ["catalog"] });
  if (!subscription.key) throw new Error("The new subscription came without its key.");
  return { ...subscription, key: subscription.key };
}

export async function cancelSubscription(id: string): Promise<void> {
  await take(tollgate.DELETE("/api/subscriptions/{id}", { params: { path: { id } } }));
  await changed();
}

export async function createKey(subscriptionId: string, draft: KeyDraft): Promise<NewKey> {
  const key = await take(
    tollgate.POST("/api/subscriptions/{id}/keys", { params: { path: { id: subscriptionId } }, headers: creating(), body: { ...draft, name: draft.name === "" ? null : draft.name } }),
  );
  void changed();
  return key;
}

export async function editKey(id: string, draft: KeyDraft): Promise<void> {
  await take(tollgate.PUT("/api/keys/{id}", { params: { path: { id } }, body: draft }));
  await changed();
}

export async function rotateKey(id: string, graceSeconds: number): Promise<NewKey> {
  const key = await take(tollgate.POST("/api/keys/{id}/rotate", { params: { path: { id } }, headers: creating(), body: { grace_seconds: graceSeconds } }));
  void changed();
  return key;
}

export async function revokeKey(id: string): Promise<void> {
  await take(tollgate.DELETE("/api/keys/{id}", { params: { path: { id } } }));
  await changed();
}
