import { Download } from "lucide-react";
import { useState, type ReactNode } from "react";
import { meterName } from "~/catalog/plans";
import { Button } from "~/design/Button";
import { SelectField } from "~/design/Field";
import { Segments } from "~/design/Segments";
import type { Interval } from "./data";
import type { Measure } from "./measure";
import { UsageChart } from "./UsageChart";

interface UsageFrameProps {
  title: string;
  measure: Measure;
  /** Of what is shown: while another is on its way, what is shown is still that of the one before. */
  shown: Interval;
  interval: Interval;
  onInterval: (interval: Interval) => void;
  meter: string | undefined;
  /** All that can be drawn besides calls. */
  meters: readonly string[];
  onMeter: (meter: string | undefined) => void;
  onSave: () => void;
  /** What is said instead of a chart of nothing. */
  nothing: string | null;
  table: ReactNode;
  children: ReactNode;
}

/** The title as a sentence, the choices beside it, the chart or its table, and what belongs below. */
export function UsageFrame({ title, measure, shown, interval, onInterval, onSave, nothing, table, children, ...choice }: UsageFrameProps) {
  const [asTable, setAsTable] = useState(false);
  return (
    <section aria-labelledby="usage">
      <header className="flex flex-wrap items-center justify-between gap-x-16 gap-y-8 mb-8">
        <h2 id="usage" className="text-20 font-semibold">
          {title}
        </h2>
        <div className="flex flex-wrap items-center gap-8">
          {choice.meters.length > 0 && <MeasureField {...choice} />}
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
          <Button kind="quiet" icon aria-label="Download as CSV" title="Download as CSV" onClick={onSave}>
            <Download aria-hidden className="size-16" />
          </Button>
        </div>
      </header>
      {nothing !== null ? <p className="border-t border-line py-16 text-quiet">{nothing}</p> : asTable ? table : <UsageChart measure={measure} interval={shown} title={title} />}
      {nothing === null && children}
    </section>
  );
}

function MeasureField({ meter, meters, onMeter }: Pick<UsageFrameProps, "meter" | "meters" | "onMeter">) {
  // A consumer's API has one provider, but names may have been declared under an earlier one of its own.
  const twice = new Set(meters.map(meterName)).size < meters.length;
  return (
    <SelectField label="Measure" bare small value={meter ?? ""} onChange={(event) => onMeter(event.target.value === "" ? undefined : event.target.value)}>
      <option value="">Calls</option>
      {meters.map((each) => (
        <option key={each} value={each}>
          {twice ? each : meterName(each)}
        </option>
      ))}
    </SelectField>
  );
}
