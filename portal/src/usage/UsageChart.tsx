import { useState } from "react";
import { compact, count } from "~/design/format";
import type { Interval } from "./data";
import { axisLabel, rowLabel } from "./labels";
import type { Lane as LaneOf, Measure } from "./measure";
import { ticks } from "./scale";
import { useWidth } from "./useWidth";

const left = 44;
const top = 18;
const plot = 160;
const lane = 30;
const axis = 20;

/** Bars for what is measured, and a lane of its own for what went wrong, each from zero. An interval without any stays empty. */
export function UsageChart({ measure, interval, title }: { measure: Measure; interval: Interval; title: string }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const [hovered, setHovered] = useState<number | null>(null);
  const { points, lanes } = measure;
  const values = points.map((each) => each.value);
  const last = points.length - 1;
  const height = top + plot + lanes.length * lane + axis;
  const step = Math.max(1, (width - left) / points.length);
  const steps = ticks(Math.max(...values));
  const highest = steps.at(-1) ?? 1;
  const y = (value: number) => top + plot - (value / highest) * plot;
  const every = Math.ceil((interval === "hour" ? 48 : 72) / step);
  return (
    <div ref={ref}>
      <p className="text-13 text-quiet min-h-24">
        <span className="text-ink font-medium">{rowLabel(points[hovered ?? last]?.at ?? 0, interval)}</span>
        {(hovered ?? last) === last ? " so far: " : ": "}
        {measure.say(hovered ?? last)}
      </p>
      {width > 0 && (
        <svg className="chart" data-series={measure.series} viewBox={`0 0 ${width} ${height}`} height={height} role="img" aria-label={title}>
          {steps.map((value, index) => (
            <g key={value}>
              <line className={value === 0 ? "chart-zero" : "chart-grid"} x1={left} x2={width} y1={y(value)} y2={y(value)} />
              <text x={left - 8} y={y(value) + 4} textAnchor="end">
                {compact(value)}
              </text>
              {index === steps.length - 1 && (
                <text x={left} y={y(value) - 6}>
                  {measure.noun} {interval === "hour" ? "an hour" : "a day"}
                </text>
              )}
            </g>
          ))}
          <Bars values={values} step={step} base={top + plot} size={plot} highest={highest} className="chart-bar" running />
          {lanes.map((each, index) => (
            <Lane key={each.name} {...each} step={step} base={top + plot + (index + 1) * lane} width={width} />
          ))}
          {points.map(({ at }, index) => (
            <g key={at}>
              {(last - index) % every === 0 && (
                <text x={left + (index + 0.5) * step} y={height - 4} textAnchor="middle">
                  {axisLabel(at, interval)}
                </text>
              )}
              <rect className="chart-hit" data-on={hovered === index || undefined} x={left + index * step} y={top} width={step} height={height - top - axis} onMouseEnter={() => setHovered(index)} onMouseLeave={() => setHovered(null)} />
            </g>
          ))}
        </svg>
      )}
    </div>
  );
}

interface BarsProps {
  values: readonly number[];
  step: number;
  base: number;
  size: number;
  highest: number;
  className: string;
  running?: boolean;
}

/** The running interval is an outline: it is still growing. Its value is the one written out. */
function Bars({ values, step, base, size, highest, className, running = false }: BarsProps) {
  const gap = Math.min(4, step * 0.2);
  return values.map((value, index) => {
    const height = (value / highest) * size;
    const x = left + index * step + gap / 2;
    const isLast = index === values.length - 1;
    return (
      <g key={index}>
        {value > 0 && <rect className={className} data-running={(running && isLast) || undefined} x={x} y={base - height} width={step - gap} height={height} />}
        {running && isLast && (
          <text className="chart-last" x={x + step - gap} y={base - height - 6} textAnchor="end">
            {count(value)}
          </text>
        )}
      </g>
    );
  });
}

function Lane({ name, className, values, step, base, width }: LaneOf & { step: number; base: number; width: number }) {
  const highest = Math.max(...values);
  return (
    <g>
      <line className="chart-zero" x1={left} x2={width} y1={base} y2={base} />
      <text x={left - 8} y={base - 2} textAnchor="end">
        {compact(highest)}
      </text>
      <text x={left} y={base - lane + 18}>
        {name}
      </text>
      <Bars values={values} step={step} base={base} size={lane - 14} highest={highest} className={className} />
    </g>
  );
}
