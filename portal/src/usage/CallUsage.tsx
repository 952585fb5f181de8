import { When } from "~/design/Figures";
import { bytes, count, milliseconds } from "~/design/format";
import { saveFile } from "~/design/saveFile";
import { csv } from "./csv";
import type { Interval, Shown, Slot, Usage } from "./data";
import { daysOf } from "./labels";
import { callsMeasure } from "./measure";
import { callWords, story } from "./story";
import { UsageFrame } from "./UsageFrame";
import type { UsageSectionProps } from "./UsageSection";
import { UsageTable } from "./UsageTable";

interface CallUsageProps extends UsageSectionProps {
  data: { usage: Usage; slots: Slot[]; interval: Interval };
  meters: readonly string[];
}

export function CallUsage({ data: { usage, slots, interval: shown }, onShow, ...rest }: CallUsageProps) {
  // Refused and failed calls are calls too: only none at all is "no calls".
  const idle = usage.data.every((each) => each.requests + each.refused + each.errors === 0);
  const measure = callsMeasure(slots);
  return (
    <UsageFrame
      {...rest}
      title={story(measure.points, shown, callWords(idle))}
      measure={measure}
      shown={shown}
      onSave={() => save(slots)}
      nothing={idle ? "Calls and what became of them will be drawn here, by the hour and by the day." : null}
      table={<UsageTable slots={slots} interval={shown} />}
    >
      <Totals usage={usage} shown={shown} onShow={onShow} />
    </UsageFrame>
  );
}

function save(slots: readonly Slot[]): void {
  const rows = slots.map(({ at, bucket }) => [
    new Date(at).toISOString(),
    bucket?.requests ?? 0,
    bucket?.refused ?? 0,
    bucket?.errors ?? 0,
    bucket?.bytes_in ?? 0,
    bucket?.bytes_out ?? 0,
    bucket?.latency_ms.p50 ?? null,
    bucket?.latency_ms.p99 ?? null,
  ]);
  saveFile("usage.csv", csv(["from", "requests", "refused", "errors", "bytes_in", "bytes_out", "p50_ms", "p99_ms"], rows), "text/csv");
}

function Totals({ usage: { total, as_of: asOf }, shown, onShow }: { usage: Usage; shown: Interval; onShow: (show: Shown | undefined) => void }) {
  const facts: [string, string, (Shown | "all")?][] = [
    ["Calls", count(total.requests), "all"],
    ["Refused", count(total.refused), "refused"],
    ["Server errors", count(total.errors), "errors"],
    ["Median", milliseconds(total.latency_ms.p50)],
    ["9 of 10 under", milliseconds(total.latency_ms.p90)],
    ["99 of 100 under", milliseconds(total.latency_ms.p99)],
    ["Sent", bytes(total.bytes_out)],
  ];
  return (
    <>
      <dl className="facts mt-16">
        {facts.map(([name, value, show]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {show ? (
                <button type="button" className="link" aria-label={`${name}: ${value}. Show these calls`} onClick={() => onShow(show === "all" ? undefined : show)}>
                  {value}
                </button>
              ) : (
                value
              )}
            </dd>
          </div>
        ))}
      </dl>
      <p className="text-12 text-quiet mt-8">
        As of <When at={asOf} />. {daysOf(shown)} Refused calls are not billed.
      </p>
    </>
  );
}
