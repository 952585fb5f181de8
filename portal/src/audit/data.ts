import { infiniteQueryOptions } from "@tanstack/react-query";
import type { Answer } from "@tollgate/sdk";
import { take, tollgate } from "~/api/client";
import { capital } from "~/design/format";

export type Entry = Answer<"/api/audit-log", "get">["data"][number];

/** What is looked for, as it stands in the page's address. */
export interface AuditFilters {
  /** Only what I did, and what was done to my account. */
  mine?: "1";
  /** For operators: over all organizations. */
  all?: "1";
  action?: string;
  subject?: string;
  from?: string;
  to?: string;
  entry?: string;
}

/** The query of the list and of the export. A day that is named is in. */
export function auditParams(organization: string | undefined, filters: AuditFilters) {
  return {
    organization: filters.mine || filters.all ? undefined : organization,
    action: filters.action,
    subject: filters.subject,
    from: filters.from ? `${filters.from}T00:00:00Z` : undefined,
    to: filters.to ? dayAfter(filters.to) : undefined,
  };
}

function dayAfter(day: string): string {
  const next = new Date(`${day}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().replace(".000", "");
}

export const auditQuery = (organization: string | undefined, account: string | undefined, filters: AuditFilters) => {
  const query = { ...auditParams(organization, filters), account: filters.mine ? account : undefined };
  return infiniteQueryOptions({
    queryKey: ["audit", query],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => take(tollgate.GET("/api/audit-log", { params: { query: { ...query, limit: 50, after: pageParam } } })),
    getNextPageParam: (page) => page.next ?? undefined,
  });
};

/** The address of the file with every entry that is found. */
export function exportAddress(organization: string | undefined, account: string | undefined, filters: AuditFilters, format: "csv" | "jsonl"): string {
  const search = new URLSearchParams({ format });
  for (const [name, value] of Object.entries({ ...auditParams(organization, filters), account: filters.mine ? account : undefined })) if (value) search.set(name, value);
  return `/api/audit-log/export?${search.toString()}`;
}

/** `key.revoked` as "Key revoked". */
export function actionText(action: string): string {
  const [noun = "", verb = ""] = action.split(".");
  const text = `${noun} ${verb}`.replaceAll("_", " ");
  return text.startsWith("api ") ? `API${text.slice(3)}` : capital(text);
}
