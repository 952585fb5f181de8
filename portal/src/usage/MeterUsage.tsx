import { When } from "~/design/Figures";
import { count } from "~/design/format";
import { saveFile } from "~/design/saveFile";
import { csv } from "./csv";
import { fillMeter, type Interval, type MeterUsage as Usage } from "./data";
import { daysOf, rowLabel } from "./labels";
import { meterMeasure, type Measure } from "./measure";
import { meterWords, story } from "./story";
import { UsageFrame } from "./UsageFrame";
import type { UsageSectionProps } from "./UsageSection";

interface MeterUsageProps extends UsageSectionProps {
  data: { usage: Usage; interval: Interval; now: number };
  meter: string;
  meters: readonly string[];
}

/** What the provider reported of one of its meters. */
export function MeterUsage({ data: { usage, interval: shown, now }, meter, ...rest }: MeterUsageProps) {
  const slots = fillMeter(usage, meter, shown, now);
  const measure = meterMeasure(meter, slots);
  const total = usage.data.find((each) => each.meter === meter)?.amount ?? 0;
  return (
    <UsageFrame
      {...rest}
      meter={meter}
      title={story(measure.points, shown, meterWords(measure.noun))}
      measure={measure}
      shown={shown}
      onSave={() => saveFile("usage.csv", csv(["from", meter], slots.map(({ at, amount }) => [new Date(at).toISOString(), amount])), "text/csv")}
      nothing={total === 0 ? "What is reported will be drawn here, at the time when it was used." : null}
      table={<MeterTable measure={measure} interval={shown} />}
    >
      <dl className="facts mt-16">
        <div>
          <dt>Reported</dt>
          <dd>{count(total)}</dd>
        </div>
        <div>
          <dt>Meter</dt>
          <dd>
            <code className="text-13 break-all">{meter}</code>
          </dd>
        </div>
      </dl>
      <p className="text-12 text-quiet mt-8">
        As of <When at={usage.as_of} />. {daysOf(shown)} It is drawn at the time when it was used, and may be reported later.
      </p>
    </UsageFrame>
  );
}

/** The chart's numbers, newest first. */
function MeterTable({ measure, interval }: { measure: Measure; interval: Interval }) {
  return (
    <div className="scroll scroll-tall" tabIndex={0} role="region" aria-label="Usage as a table">
      <table className="sheet">
        <thead>
          <tr>
            <th scope="col">{interval === "hour" ? "Hour" : "Day, UTC"}</th>
            <th scope="col" className="figure">
              {measure.noun}
            </th>
          </tr>
        </thead>
        <tbody>
          {measure.points.toReversed().map(({ at, value }) => (
            <tr key={at}>
              <td className="whitespace-nowrap">{rowLabel(at, interval)}</td>
              <td className="figure">{count(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
