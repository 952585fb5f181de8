import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { Button } from "~/design/Button";
import { When } from "~/design/Figures";
import { bytes, count, milliseconds } from "~/design/format";
import { saveFile } from "~/design/saveFile";
import { Segments } from "~/design/Segments";
import { Failed, Lines } from "~/design/States";
import { csv } from "./csv";
import { usageQuery, type Interval, type Shown, type Slot, type Subject, type Usage } from "./data";
import { story } from "./story";
import { UsageChart } from "./UsageChart";
import { UsageTable } from "./UsageTable";

interface UsageSectionProps {
  subject: Subject;
  interval: Interval;
  onInterval: (interval: Interval) => void;
  /** Leads from a number to the calls behind it. */
  onShow: (show: Shown | undefined) => void;
}

/** One page that answers: how many calls, how did they go, and is that usual. */
export function UsageSection({ subject, interval, onInterval, onShow }: UsageSectionProps) {
  const query = useQuery({ ...usageQuery(subject, interval), placeholderData: keepPreviousData });
  const [asTable, setAsTable] = useState(false);
  if (query.error) return <Failed error={query.error} what="The usage could not be read." retry={() => void query.refetch()} />;
  if (!query.data) return <Lines rows={4} />;
  // While the other interval is on its way, what is shown is still that of the one before.
  const { slots, usage, interval: shown } = query.data;
  const idle = usage.data.every((each) => each.requests + each.refused + each.errors === 0);
  const title = story(
    slots.map(({ at, bucket }) => ({ at, requests: bucket?.requests ?? 0 })),
    shown,
    idle,
  );
  return (
    <section aria-labelledby="usage">
      <header className="flex flex-wrap items-center justify-between gap-x-16 gap-y-8 mb-8">
        <h2 id="usage" className="text-20 font-semibold">
          {title}
        </h2>
        <div className="flex flex-wrap items-center gap-8">
          <Segments
            label="Interval"
            value={interval}
            options={[
              ["hour", "48 hours"],
              ["day", "30 days"],
            ]}
            onChange={onInterval}
          />
          <Button kind="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
            {asTable ? "Show chart" : "Show table"}
          </Button>
          <Button kind="quiet" icon aria-label="Download as CSV" title="Download as CSV" onClick={() => save(slots)}>
            <Download aria-hidden className="size-16" />
          </Button>
        </div>
      </header>
      {idle ? (
        <p className="border-t border-line py-16 text-quiet">Calls and what became of them will be drawn here, by the hour and by the day.</p>
      ) : asTable ? (
        <UsageTable slots={slots} interval={shown} />
      ) : (
        <UsageChart slots={slots} interval={shown} title={title} />
      )}
      {!idle && <Totals usage={usage} onShow={onShow} />}
    </section>
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

function Totals({ usage: { total, as_of: asOf }, onShow }: { usage: Usage; onShow: (show: Shown | undefined) => void }) {
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
        As of <When at={asOf} />. Refused calls are not billed.
      </p>
    </>
  );
}
