import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Answer } from "@tollgate/sdk";
import { take, tollgate } from "~/api/client";

/** Whose calls: those of one subscription, or all those of one API. */
export type Subject = { subscription: string } | { api: string };
export type Interval = "hour" | "day";
export type Usage = Answer<"/api/usage", "get">;
export type Bucket = Usage["data"][number];
export type MeterUsage = Answer<"/api/usage/meters", "get">;
export type Call = Answer<"/api/request-log", "get">["data"][number];

export const hour = 3_600_000;
export const spanOf = (interval: Interval): number => (interval === "hour" ? 48 : 30);
const lengthOf = (interval: Interval): number => (interval === "hour" ? hour : 24 * hour);

/** The start of the first interval shown; the running one is the last. */
export function firstOf(interval: Interval, now: number): number {
  const length = lengthOf(interval);
  return Math.floor(now / length) * length - (spanOf(interval) - 1) * length;
}

export const usageQuery = (subject: Subject, interval: Interval) =>
  queryOptions({
    queryKey: ["usage", subject, interval],
    refetchInterval: 10_000,
    queryFn: async () => {
      const now = Date.now();
      const from = new Date(firstOf(interval, now)).toISOString();
      const usage = await take(tollgate.GET("/api/usage", { params: { query: { ...subject, interval, from } } }));
      return { usage, interval, slots: fill(usage, interval, now) };
    },
  });

/** What was reported by meter; those without anything in the span are not in it. */
export const meterUsageQuery = (subject: Subject, interval: Interval) =>
  queryOptions({
    queryKey: ["usage", "meters", subject, interval],
    refetchInterval: 10_000,
    queryFn: async () => {
      const now = Date.now();
      const from = new Date(firstOf(interval, now)).toISOString();
      const usage = await take(tollgate.GET("/api/usage/meters", { params: { query: { ...subject, interval, from } } }));
      return { usage, interval, now };
    },
  });

export interface MeterSlot {
  at: number;
  amount: number;
}

export function fillMeter(usage: MeterUsage, meter: string, interval: Interval, now: number): MeterSlot[] {
  const rows = usage.data.find((each) => each.meter === meter)?.rows ?? [];
  const amounts = new Map(rows.map((each) => [new Date(each.from).getTime(), each.amount]));
  return slotsOf(interval, now).map((at) => ({ at, amount: amounts.get(at) ?? 0 }));
}

export interface Slot {
  at: number;
  bucket: Bucket | null;
}

/** Every interval from the first to the running one; those without a row in the answer had no calls. */
export function fill(usage: Usage, interval: Interval, now: number): Slot[] {
  const rows = new Map(usage.data.map((each) => [new Date(each.from).getTime(), each]));
  return slotsOf(interval, now).map((at) => ({ at, bucket: rows.get(at) ?? null }));
}

function slotsOf(interval: Interval, now: number): number[] {
  const first = firstOf(interval, now);
  return Array.from({ length: spanOf(interval) }, (_, index) => first + index * lengthOf(interval));
}

/** Server errors are those of the upstream as well as the gateway's own 502 and 504. */
const shown = { served: { outcome: "served" }, refused: { outcome: "refused" }, errors: { status: "5xx" } } as const;
export type Shown = keyof typeof shown;

export const callsQuery = (subject: Subject, show: Shown | undefined) =>
  infiniteQueryOptions({
    queryKey: ["calls", subject, show],
    queryFn: ({ pageParam }) => take(tollgate.GET("/api/request-log", { params: { query: { ...subject, ...(show && shown[show]), limit: 25, after: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.has_more ? (page.next ?? undefined) : undefined),
  });

export const lastCallQuery = (subject: Subject) =>
  queryOptions({
    queryKey: ["calls", "last", subject],
    queryFn: async () => (await take(tollgate.GET("/api/request-log", { params: { query: { ...subject, limit: 1 } } }))).data[0] ?? null,
  });
