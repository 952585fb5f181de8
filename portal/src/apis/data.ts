import { queryOptions } from "@tanstack/react-query";
import type { Answer, Body } from "@tollgate/sdk";
import { idempotencyKey, take, takeAll, takeWithTag, tollgate, type Tagged } from "~/api/client";
import { queryClient } from "~/api/query";

export type Api = Answer<"/api/apis/{id}", "get">;
export type ApiRow = Answer<"/api/apis", "get">["data"][number];
export type Plan = Answer<"/api/apis/{id}/plans", "get">["data"][number];
export type PlanDraft = Body<"/api/apis/{id}/plans", "post">;
export type NewApi = Body<"/api/apis", "post">;
export type ApiChanges = Body<"/api/apis/{id}", "patch">;
export type Upstreams = Answer<"/api/apis/{id}/upstreams", "get">;
export type UpstreamsDraft = Body<"/api/apis/{id}/upstreams", "put">;

export const apisQuery = (organization: string | undefined) =>
  queryOptions({
    queryKey: ["apis", "list", organization],
    queryFn: () => takeAll((after) => take(tollgate.GET("/api/apis", { params: { query: { organization, limit: 100, after } } }))),
  });

export const apiQuery = (id: string) =>
  queryOptions({
    queryKey: ["apis", "one", id],
    queryFn: () => takeWithTag(tollgate.GET("/api/apis/{id}", { params: { path: { id } } })),
  });

export const plansQuery = (id: string) =>
  queryOptions({
    queryKey: ["apis", "plans", id],
    queryFn: () => take(tollgate.GET("/api/apis/{id}/plans", { params: { path: { id } } })),
  });

/** Their state changes by itself. */
export const upstreamsQuery = (id: string) =>
  queryOptions({
    queryKey: ["apis", "upstreams", id],
    queryFn: () => takeWithTag(tollgate.GET("/api/apis/{id}/upstreams", { params: { path: { id } } })),
    refetchInterval: 5_000,
  });

/** What the catalog shows of it may have changed as well. */
const changed = () => Promise.all([queryClient.invalidateQueries({ queryKey: ["apis"] }), queryClient.invalidateQueries({ queryKey: ["catalog"] })]);
const creating = () => ({ "idempotency-key": idempotencyKey() });

export async function createApi(body: NewApi): Promise<Api> {
  const api = await take(tollgate.POST("/api/apis", { body, headers: creating() }));
  void changed();
  return api;
}

export async function updateApi({ value, etag }: Tagged<Api>, body: ApiChanges): Promise<void> {
  await take(tollgate.PATCH("/api/apis/{id}", { params: { path: { id: value.id } }, headers: { "if-match": etag ?? `"${value.version}"` }, body }));
  await changed();
}

export async function saveUpstreams(id: string, { value, etag }: Tagged<Upstreams>, body: UpstreamsDraft): Promise<void> {
  await take(tollgate.PUT("/api/apis/{id}/upstreams", { params: { path: { id } }, headers: { "if-match": etag ?? `"${value.version}"` }, body }));
  await changed();
}

export const replaceDocument = (api: Tagged<Api>, openapi: string, acceptFindings: boolean): Promise<void> =>
  updateApi(api, { openapi, accept_findings: acceptFindings });

export async function publishApi(id: string, acceptFindings: boolean): Promise<void> {
  await take(tollgate.POST("/api/apis/{id}/publish", { params: { path: { id } }, body: { accept_findings: acceptFindings } }));
  await changed();
}

export async function unpublishApi(id: string): Promise<void> {
  await take(tollgate.POST("/api/apis/{id}/unpublish", { params: { path: { id } } }));
  await changed();
}

export async function archiveApi(id: string): Promise<void> {
  await take(tollgate.POST("/api/apis/{id}/archive", { params: { path: { id } } }));
  await changed();
}

export async function savePlan(apiId: string, before: Plan | null, body: PlanDraft): Promise<void> {
  if (before === null) await take(tollgate.POST("/api/apis/{id}/plans", { params: { path: { id: apiId } }, headers: creating(), body }));
  else await take(tollgate.PATCH("/api/plans/{id}", { params: { path: { id: before.id } }, headers: { "if-match": `"${before.version}"` }, body }));
  await changed();
}

export async function archivePlan(id: string): Promise<void> {
  await take(tollgate.POST("/api/plans/{id}/archive", { params: { path: { id } } }));
  await changed();
}
