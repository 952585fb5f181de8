import { Button } from "~/design/Button";
import { Dialog } from "~/design/Dialog";
import { TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { createOrganization, type OrganizationDetail } from "./data";

export function NewOrganization({ onDone, onClose }: { onDone: (made: OrganizationDetail) => void; onClose: () => void }) {
  const form = useForm(
    ["name", "slug"],
    (values) =>
      createOrganization({
        name: textOf(values, "name"),
        slug: textOf(values, "slug") || null,
        time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone || null,
      }),
    onDone,
  );
  return (
    <Dialog open title="New organization" onClose={onClose}>
      <form className="grid gap-16" {...form.props}>
        {form.problem && <Failed error={form.problem} what="No organization was made." />}
        <TextField label="Name" name="name" data-focus required autoComplete="organization" placeholder="Acme Weather" error={form.errorOf("name")} />
        <TextField label="Slug" name="slug" mono autoComplete="off" placeholder="acme-weather" hint="Part of the addresses of your APIs. Made from the name when you leave it empty." error={form.errorOf("slug")} />
        <footer className="flex justify-end gap-8">
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" kind="signal" busy={form.busy}>
            Create organization
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
