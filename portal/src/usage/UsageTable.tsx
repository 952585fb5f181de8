import { bytes, count, milliseconds } from "~/design/format";
import type { Interval, Slot } from "./data";
import { rowLabel } from "./labels";

/** The chart's numbers, newest first. */
export function UsageTable({ slots, interval }: { slots: readonly Slot[]; interval: Interval }) {
  return (
    <div className="scroll scroll-tall" tabIndex={0} role="region" aria-label="Usage as a table">
      <table className="sheet">
        <thead>
          <tr>
            <th scope="col">{interval === "hour" ? "Hour" : "Day, UTC"}</th>
            <th scope="col" className="figure">
              Calls
            </th>
            <th scope="col" className="figure">
              Refused
            </th>
            <th scope="col" className="figure">
              Server errors
            </th>
            <th scope="col" className="figure">
              Median
            </th>
            <th scope="col" className="figure">
              99 of 100
            </th>
            <th scope="col" className="figure">
              Sent
            </th>
          </tr>
        </thead>
        <tbody>
          {slots.toReversed().map(({ at, bucket }) => (
            <tr key={at}>
              <td className="whitespace-nowrap">{rowLabel(at, interval)}</td>
              <td className="figure">{count(bucket?.requests ?? 0)}</td>
              <td className="figure">{count(bucket?.refused ?? 0)}</td>
              <td className="figure">{count(bucket?.errors ?? 0)}</td>
              <td className="figure">{milliseconds(bucket?.latency_ms.p50)}</td>
              <td className="figure">{milliseconds(bucket?.latency_ms.p99)}</td>
              <td className="figure">{bytes(bucket?.bytes_out ?? 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
