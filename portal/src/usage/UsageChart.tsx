import { useState } from "react";
import { compact, count, counted, milliseconds } from "~/design/format";
import type { Interval, Slot } from "./data";
import { axisLabel, rowLabel } from "./labels";
import { ticks } from "./scale";
import { useWidth } from "./useWidth";

const left = 44;
const top = 18;
const plot = 160;
const lane = 30;
const axis = 20;

/** Bars for calls, and a lane of its own for what went wrong, each from zero. A slot without calls stays empty. */
export function UsageChart({ slots, interval, title }: { slots: readonly Slot[]; interval: Interval; title: string }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const [hovered, setHovered] = useState<number | null>(null);
  const lanes = lanesOf(slots);
  const height = top + plot + lanes.length * lane + axis;
  const step = Math.max(1, (width - left) / slots.length);
  const steps = ticks(Math.max(...slots.map((each) => each.bucket?.requests ?? 0)));
  const highest = steps.at(-1) ?? 1;
  const y = (value: number) => top + plot - (value / highest) * plot;
  const every = Math.ceil((interval === "hour" ? 48 : 72) / step);
  return (
    <div ref={ref}>
      <Readout slot={slots[hovered ?? slots.length - 1]} interval={interval} running={hovered === null || hovered === slots.length - 1} />
      {width > 0 && (
        <svg className="chart" viewBox={`0 0 ${width} ${height}`} height={height} role="img" aria-label={title}>
          {steps.map((value, index) => (
            <g key={value}>
              <line className={value === 0 ? "chart-zero" : "chart-grid"} x1={left} x2={width} y1={y(value)} y2={y(value)} />
              <text x={left - 8} y={y(value) + 4} textAnchor="end">
                {compact(value)}
              </text>
              {index === steps.length - 1 && (
                <text x={left} y={y(value) - 6}>
                  calls {interval === "hour" ? "an hour" : "a day"}
                </text>
              )}
            </g>
          ))}
          <Bars values={slots.map((each) => each.bucket?.requests ?? 0)} step={step} base={top + plot} size={plot} highest={highest} className="chart-bar" running />
          {lanes.map((each, index) => (
            <Lane key={each.name} {...each} step={step} base={top + plot + (index + 1) * lane} width={width} />
          ))}
          {slots.map((slot, index) => (
            <g key={slot.at}>
              {(slots.length - 1 - index) % every === 0 && (
                <text x={left + (index + 0.5) * step} y={height - 4} textAnchor="middle">
                  {axisLabel(slot.at, interval)}
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

function lanesOf(slots: readonly Slot[]): { name: string; className: string; values: number[] }[] {
  const refused = slots.map((each) => each.bucket?.refused ?? 0);
  const errors = slots.map((each) => each.bucket?.errors ?? 0);
  const all = [
    { name: "refused", className: "chart-refused", values: refused },
    { name: "server errors", className: "chart-error", values: errors },
  ];
  return all.filter((each) => each.values.some((value) => value > 0));
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

function Lane({ name, className, values, step, base, width }: { name: string; className: string; values: readonly number[]; step: number; base: number; width: number }) {
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

function Readout({ slot, interval, running }: { slot: Slot | undefined; interval: Interval; running: boolean }) {
  if (!slot) return null;
  const { bucket } = slot;
  return (
    <p className="text-13 text-quiet min-h-24">
      <span className="text-ink font-medium">{rowLabel(slot.at, interval)}</span>
      {running ? " so far: " : ": "}
      {bucket
        ? `${counted(bucket.requests, "call")}, ${counted(bucket.refused, "refused", "refused")}, ${counted(bucket.errors, "server error")}, median ${milliseconds(bucket.latency_ms.p50)}`
        : "no calls"}
    </p>
  );
}
