import { useQuery } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import type { Tagged } from "~/api/client";
import { Button } from "~/design/Button";
import { SelectField, TextField } from "~/design/Field";
import { Failed, Lines } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { useForm } from "~/design/useForm";
import { saveUpstreams, upstreamsQuery, type Upstreams } from "./data";
import { HealthFields } from "./HealthFields";
import { newTarget, toDraft, toForm, type TargetForm, type UpstreamsForm } from "./upstreamForm";
import { UpstreamState } from "./UpstreamState";

const most = 16;

/** The servers behind the API: one, or several that stand in for each other. */
export function UpstreamsSection({ apiId }: { apiId: string }) {
  const upstreams = useQuery(upstreamsQuery(apiId));
  return (
    <section aria-labelledby="upstreams">
      <h2 id="upstreams" className="text-20 font-semibold">
        Upstreams
      </h2>
      <p className="text-quiet mt-4">Your servers. With several, each call goes to one of them, and to another where one fails and that is safe. Takes effect within a second.</p>
      {upstreams.data ? (
        // A saved version fills the form anew; how they are is read again and again.
        <UpstreamsEditor key={upstreams.data.etag} apiId={apiId} tagged={upstreams.data} />
      ) : upstreams.error ? (
        <Failed error={upstreams.error} what="The upstreams could not be read." retry={() => void upstreams.refetch()} />
      ) : (
        <Lines rows={2} />
      )}
    </section>
  );
}

const healthFields = ["active.path", "active.interval_seconds", "active.timeout_ms", "active.unhealthy_after", "active.healthy_after", "passive.failures", "passive.cool_off_seconds", "passive.max_cool_off_seconds"];

function UpstreamsEditor({ apiId, tagged }: { apiId: string; tagged: Tagged<Upstreams> }) {
  const upstreams = tagged.value;
  const [values, setValues] = useState<UpstreamsForm>(() => toForm(upstreams));
  const note = useNote();
  const set = (part: Partial<UpstreamsForm>) => setValues((before) => ({ ...before, ...part }));
  const setTarget = (row: number, part: Partial<TargetForm>) => set({ targets: values.targets.map((each) => (each.row === row ? { ...each, ...part } : each)) });
  const shown = ["targets", "balancing", ...values.targets.flatMap((_, index) => [`targets.${index}.url`, `targets.${index}.weight`]), ...healthFields.map((each) => `health.${each}`)];
  const form = useForm(
    shown,
    () => saveUpstreams(apiId, tagged, toDraft(values, upstreams)),
    () => note("The upstreams are saved."),
  );
  const several = values.targets.length > 1;
  const remove = (row: number) => {
    form.forget();
    set({ targets: values.targets.filter((each) => each.row !== row) });
  };
  return (
    <form className="mt-12 grid gap-16" {...form.props} aria-label="Upstreams">
      {form.problem && (
        <Failed error={form.problem} what={form.problem.status === 412 ? "Somebody else has changed this API. Reload the page to see it, then change it again." : "The upstreams were not saved."} />
      )}
      <div role="group" aria-label="Targets">
        {values.targets.map((each, index) => (
          <fieldset key={each.row} className="upstream" data-several={several || undefined} aria-label={`Upstream ${index + 1}`}>
            <TextField
              label="Address"
              name={`targets.${index}.url`}
              type="url"
              mono
              small
              required
              placeholder="https://eu-1.example.com/v1"
              value={each.url}
              onChange={(event) => setTarget(each.row, { url: event.target.value })}
              error={form.errorOf(`targets.${index}.url`)}
            />
            {several && (
              <TextField
                label="Weight"
                name={`targets.${index}.weight`}
                small
                inputMode="numeric"
                value={each.weight}
                onChange={(event) => setTarget(each.row, { weight: event.target.value })}
                error={form.errorOf(`targets.${index}.weight`)}
              />
            )}
            {several && (
              <Button kind="quiet" icon className="upstream-remove" aria-label={`Remove upstream ${index + 1}`} onClick={() => remove(each.row)}>
                <Trash2 aria-hidden className="size-16" />
              </Button>
            )}
            <div className="upstream-state">
              <StateOf upstreams={upstreams} url={each.url} />
            </div>
          </fieldset>
        ))}
        <div className="border-t border-line pt-12">
          <Button disabled={values.targets.length >= most} onClick={() => set({ targets: [...values.targets, newTarget()] })}>
            Add an upstream
          </Button>
        </div>
      </div>
      {several && (
        <SelectField
          label="Each call goes"
          name="balancing"
          value={values.balancing}
          onChange={(event) => set({ balancing: event.target.value === "least_requests" ? "least_requests" : "round_robin" })}
          error={form.errorOf("balancing")}
        >
          <option value="round_robin">to each in turn, by weight</option>
          <option value="least_requests">to the one with the fewest calls in flight, by weight</option>
        </SelectField>
      )}
      <HealthFields values={values} several={several} set={set} errorOf={(field) => form.errorOf(`health.${field}`)} />
      <div>
        <Button type="submit" busy={form.busy}>
          Save upstreams
        </Button>
      </div>
    </form>
  );
}

/** An address that is still being typed has no state. */
function StateOf({ upstreams, url }: { upstreams: Upstreams; url: string }) {
  const target = upstreams.targets.find((each) => each.url === url.trim());
  return target ? <UpstreamState state={target.state} /> : <p className="text-13 text-quiet">Not saved yet</p>;
}
