import { queryOptions } from "@tanstack/react-query";
import type { Answer } from "@tollgate/sdk";
import { idempotencyKey, take, takeAll, tollgate } from "~/api/client";
import { queryClient } from "~/api/query";

export type Meter = Answer<"/api/meters", "get">["data"][number];

/** An organization can declare so many, ever. */
export const mostMeters = 128;

/** Archived ones too: they keep their name and their place. */
export const metersQuery = (organization: string | undefined) =>
  queryOptions({
    queryKey: ["meters", organization],
    queryFn: async () => (await takeAll((after) => take(tollgate.GET("/api/meters", { params: { query: { organization, archived: "true", limit: 100, after } } })))).data,
  });

const changed = () => queryClient.invalidateQueries({ queryKey: ["meters"] });

export async function declareMeter(organization: string | undefined, name: string, unit: string, description: string): Promise<Meter> {
  const meter = await take(
    tollgate.POST("/api/meters", { headers: { "idempotency-key": idempotencyKey() }, body: { organization: organization ?? null, name, unit, description, aggregation: null } }),
  );
  await changed();
  return meter;
}

export async function setArchived(id: string, archived: boolean): Promise<void> {
  const params = { params: { path: { id } } };
  await take(archived ? tollgate.POST("/api/meters/{id}/archive", params) : tollgate.POST("/api/meters/{id}/restore", params));
  await changed();
}
