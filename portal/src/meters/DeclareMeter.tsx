import { useState } from "react";
import { Button } from "~/design/Button";
import { Dialog } from "~/design/Dialog";
import { TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { declareMeter, type Meter } from "./data";

interface DeclareMeterProps {
  organization: { id: string; slug: string };
  onDone: (meter: Meter) => void;
  onClose: () => void;
}

export function DeclareMeter({ organization, onDone, onClose }: DeclareMeterProps) {
  const [name, setName] = useState("");
  const form = useForm(["name", "unit", "description"], (values) => declareMeter(organization.id, textOf(values, "name"), textOf(values, "unit"), textOf(values, "description")), onDone);
  return (
    <Dialog open title="Declare a meter" onClose={onClose}>
      <form className="grid gap-16" {...form.props}>
        {form.problem && <Failed error={form.problem} what="The meter was not declared." />}
        <TextField
          label="Name"
          name="name"
          data-focus
          mono
          required
          autoComplete="off"
          placeholder="pages"
          value={name}
          onChange={(event) => setName(event.target.value)}
          hint={
            <>
              In plans and events it is <code className="break-words">{`x.${organization.slug}.${name.trim() || "pages"}`}</code>, for good.
            </>
          }
          error={form.errorOf("name")}
        />
        <TextField label="Unit" name="unit" required autoComplete="off" placeholder="page" hint="What one of it is. Amounts are whole numbers of it." error={form.errorOf("unit")} />
        <TextField label="Description" name="description" autoComplete="off" placeholder="Rendered pages, whatever their size" error={form.errorOf("description")} />
        <footer className="flex justify-end gap-8">
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" kind="signal" busy={form.busy}>
            Declare meter
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
