import type { Tagged } from "~/api/client";
import { Button } from "~/design/Button";
import { AreaField, TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { textOf, useForm } from "~/design/useForm";
import { CategoryField } from "./CategoryField";
import { updateApi, type Api } from "./data";
import { LifeOfApi } from "./LifeOfApi";
import { UpstreamHeaders } from "./UpstreamHeaders";
import { UpstreamsSection } from "./UpstreamsSection";

const tagFields = ["tags", ...Array.from({ length: 10 }, (_, index) => `tags.${index}`)];
const fields = ["name", "summary", "description", "category", "timeout_ms", ...tagFields];

export function SettingsView({ tagged }: { tagged: Tagged<Api> }) {
  return (
    <div className="stack max-w-prose">
      {/* Filled anew when what it shows was changed; a header that is saved below leaves what is being typed. */}
      <SettingsForm key={shownOf(tagged.value)} tagged={tagged} />
      <UpstreamsSection apiId={tagged.value.id} />
      <UpstreamHeaders tagged={tagged} />
      <LifeOfApi api={tagged.value} />
    </div>
  );
}

const shownOf = ({ name, summary, description, category, tags, timeout_ms: timeout }: Api): string => JSON.stringify([name, summary, description, category, tags, timeout]);

function SettingsForm({ tagged }: { tagged: Tagged<Api> }) {
  const api = tagged.value;
  const note = useNote();
  const form = useForm(
    fields,
    (values) =>
      updateApi(tagged, {
        name: textOf(values, "name"),
        summary: textOf(values, "summary"),
        description: textOf(values, "description"),
        category: textOf(values, "category"),
        tags: tagsOf(textOf(values, "tags")),
        timeout_ms: Math.round(Number(textOf(values, "timeout")) * 1000),
      }),
    () => note("The settings are saved."),
  );
  return (
    <form className="grid gap-16" {...form.props} aria-label="Settings">
      {form.problem && (
        <Failed error={form.problem} what={form.problem.status === 412 ? "Somebody else has changed this API. Reload the page to see it, then change it again." : "The settings were not saved."} />
      )}
      <TextField label="Name" name="name" required defaultValue={api.name} error={form.errorOf("name")} />
      <TextField label="Summary" name="summary" defaultValue={api.summary} maxLength={200} hint="One line for the catalog." error={form.errorOf("summary")} />
      <AreaField label="Description" name="description" rows={5} defaultValue={api.description} error={form.errorOf("description")} />
      <CategoryField current={api.category} error={form.errorOf("category")} />
      <TextField
        label="Tags"
        name="tags"
        defaultValue={api.tags.join(", ")}
        hint="Up to ten, with commas between them. The search finds them."
        error={form.errorOf(...tagFields)}
      />
      <TextField
        label="Time-out in seconds"
        name="timeout"
        inputMode="decimal"
        defaultValue={String(api.timeout_ms / 1000)}
        hint="How long the upstream may take until it starts to answer."
        error={form.errorOf("timeout_ms")}
      />
      <div>
        <Button type="submit" kind="signal" busy={form.busy}>
          Save settings
        </Button>
      </div>
    </form>
  );
}

const tagsOf = (text: string): string[] =>
  text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
