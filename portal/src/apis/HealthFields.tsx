import { TextField } from "~/design/Field";
import type { UpstreamsForm } from "./upstreamForm";

interface HealthFieldsProps {
  values: UpstreamsForm;
  several: boolean;
  set: (part: Partial<UpstreamsForm>) => void;
  errorOf: (field: string) => string | undefined;
}

/** When an upstream gets no calls: by what calls tell of it, and by what it says when it is asked. */
export function HealthFields({ values, several, set, errorOf }: HealthFieldsProps) {
  const number = (label: string, field: string, value: string, key: keyof UpstreamsForm) => (
    <TextField label={label} name={`health.${field}`} small inputMode="decimal" value={value} onChange={(event) => set({ [key]: event.target.value })} error={errorOf(field)} />
  );
  return (
    <>
      {several && (
        <fieldset className="grid gap-8" aria-label="Rest after failed calls">
          <p className="font-medium">Rest after failed calls</p>
          <div className="upstream-health">
            {number("Failures in a row", "passive.failures", values.failures, "failures")}
            {number("First rest, seconds", "passive.cool_off_seconds", values.coolOff, "coolOff")}
            {number("Longest rest, seconds", "passive.max_cool_off_seconds", values.maxCoolOff, "maxCoolOff")}
          </div>
          <label className="flex items-start gap-8">
            <input type="checkbox" checked={values.gatewayErrors} onChange={(event) => set({ gatewayErrors: event.target.checked })} className="check mt-4" />
            <span>Answers of 502, 503 and 504 are failures too</span>
          </label>
        </fieldset>
      )}
      <fieldset className="grid gap-8" aria-label="Checks">
        <label className="flex items-start gap-8">
          <input type="checkbox" checked={values.checked} onChange={(event) => set({ checked: event.target.checked })} className="check mt-4" />
          <span>
            Ask each upstream whether it is well
            <span className="block text-13 text-quiet">With the headers below and no signature. When none is well, calls still go out.</span>
          </span>
        </label>
        {values.checked && (
          <div className="upstream-health">
            <TextField label="Path" name="health.active.path" mono small value={values.path} onChange={(event) => set({ path: event.target.value })} error={errorOf("active.path")} />
            {number("Every, seconds", "active.interval_seconds", values.interval, "interval")}
            {number("Time-out, seconds", "active.timeout_ms", values.timeout, "timeout")}
            {number("Out after failures", "active.unhealthy_after", values.unhealthyAfter, "unhealthyAfter")}
            {number("Back after successes", "active.healthy_after", values.healthyAfter, "healthyAfter")}
          </div>
        )}
      </fieldset>
    </>
  );
}
