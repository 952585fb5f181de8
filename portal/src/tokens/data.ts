import { queryOptions } from "@tanstack/react-query";
import type { Answer, Body } from "@tollgate/sdk";
import { idempotencyKey, take, tollgate } from "~/api/client";
import { queryClient } from "~/api/query";

export type ApiToken = Answer<"/api/tokens", "get">["data"][number];
export type NewApiToken = Answer<"/api/tokens", "post">;

/** Writing includes reading, so a token has one of the two for each area. */
export const areas: readonly { area: string; title: string; levels: readonly ("read" | "write")[] }[] = [
  { area: "apis", title: "APIs, plans, meters", levels: ["read", "write"] },
  { area: "subscriptions", title: "Subscriptions and keys", levels: ["read", "write"] },
  { area: "usage", title: "Usage and calls", levels: ["read", "write"] },
  { area: "billing", title: "Invoices and revenue", levels: ["read", "write"] },
  { area: "organization", title: "Organizations and members", levels: ["read", "write"] },
  { area: "audit", title: "Audit log", levels: ["read"] },
];

export const tokensQuery = queryOptions({ queryKey: ["tokens"], queryFn: async () => (await take(tollgate.GET("/api/tokens"))).data });

const changed = () => queryClient.invalidateQueries(tokensQuery);

export async function createToken(body: Body<"/api/tokens", "post">): Promise<NewApiToken> {
  const made = await take(tollgate.POST("/api/tokens", { headers: { "idempotency-key": idempotencyKey() }, body }));
  await changed();
  return made;
}

export async function endToken(id: string): Promise<void> {
  await take(tollgate.DELETE("/api/tokens/{id}", { params: { path: { id } } }));
  await changed();
}
