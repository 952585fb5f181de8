import { Button } from "~/design/Button";
import { SelectField, TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { textOf, useForm } from "~/design/useForm";
import { editOrganization, type OrganizationDetail } from "./data";

/** With the one that is set, which the browser may not list. */
const zonesWith = (zone: string): string[] => [...new Set(["UTC", zone, ...Intl.supportedValuesOf("timeZone")])];

export function OrganizationSettings({ organization }: { organization: OrganizationDetail }) {
  const note = useNote();
  const form = useForm(
    ["name", "slug", "time_zone"],
    (values) => editOrganization(organization.id, { name: textOf(values, "name"), slug: textOf(values, "slug"), time_zone: textOf(values, "time_zone"), require_second_factor: null }),
    () => note("The settings are saved."),
  );
  return (
    <section aria-labelledby="settings">
      <h2 id="settings" className="text-20 font-semibold mb-8">
        Settings
      </h2>
      <form className="grid gap-16 max-w-prose" {...form.props} aria-label="Settings">
        {form.problem && <Failed error={form.problem} what="The settings were not saved." />}
        <TextField label="Name" name="name" required defaultValue={organization.name} error={form.errorOf("name")} />
        <TextField
          label="Slug"
          name="slug"
          mono
          required
          autoComplete="off"
          defaultValue={organization.slug}
          hint="Part of the addresses of your APIs. One that you give up leads here for 180 days and is nobody else's until then."
          error={form.errorOf("slug")}
        />
        {organization.former_slugs.length > 0 && (
          <p className="text-13 text-quiet">
            Still leading here: <code className="break-words">{organization.former_slugs.join(", ")}</code>
          </p>
        )}
        <SelectField
          label="Time zone"
          name="time_zone"
          defaultValue={organization.time_zone}
          hint="Hours, days and weeks of allowances begin by it. Another one holds from the next period on."
          error={form.errorOf("time_zone")}
        >
          {zonesWith(organization.time_zone).map((zone) => (
            <option key={zone}>{zone}</option>
          ))}
        </SelectField>
        <div>
          <Button type="submit" busy={form.busy}>
            Save settings
          </Button>
        </div>
      </form>
    </section>
  );
}
