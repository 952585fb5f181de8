import { meterName } from "~/catalog/plans";
import { count, counted, milliseconds } from "~/design/format";
import type { MeterSlot, Slot } from "./data";

/** What the chart draws: one value for each interval, and lanes below for what goes with it. */
export interface Measure {
  /** As the axis and the sentences name it: calls, pages. */
  noun: string;
  series: "calls" | "meter";
  points: readonly { at: number; value: number }[];
  lanes: readonly Lane[];
  /** The exact values of an interval. */
  say: (index: number) => string;
}

export interface Lane {
  name: string;
  className: string;
  values: readonly number[];
}

export function callsMeasure(slots: readonly Slot[]): Measure {
  const lanes = [
    { name: "refused", className: "chart-refused", values: slots.map((each) => each.bucket?.refused ?? 0) },
    { name: "server errors", className: "chart-error", values: slots.map((each) => each.bucket?.errors ?? 0) },
  ];
  return {
    noun: "calls",
    series: "calls",
    points: slots.map(({ at, bucket }) => ({ at, value: bucket?.requests ?? 0 })),
    lanes: lanes.filter((each) => each.values.some((value) => value > 0)),
    say: (index) => {
      const bucket = slots[index]?.bucket;
      return bucket
        ? `${counted(bucket.requests, "call")}, ${counted(bucket.refused, "refused", "refused")}, ${counted(bucket.errors, "server error")}, median ${milliseconds(bucket.latency_ms.p50)}`
        : "no calls";
    },
  };
}

export function meterMeasure(meter: string, slots: readonly MeterSlot[]): Measure {
  const noun = meterName(meter);
  return {
    noun,
    series: "meter",
    points: slots.map(({ at, amount }) => ({ at, value: amount })),
    lanes: [],
    say: (index) => `${count(slots[index]?.amount ?? 0)} ${noun}`,
  };
}
