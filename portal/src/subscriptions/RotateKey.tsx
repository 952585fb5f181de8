import { Button } from "~/design/Button";
import { Dialog } from "~/design/Dialog";
import { SelectField } from "~/design/Field";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { rotateKey, type Key, type NewKey } from "./data";

const graces = [
  [0, "Not at all"],
  [3600, "1 hour"],
  [24 * 3600, "1 day"],
  [7 * 24 * 3600, "7 days"],
  [30 * 24 * 3600, "30 days"],
] as const;

/** Another secret for the same work; both work until the old one's time is over. */
export function RotateKey({ of, onDone, onClose }: { of: Key; onDone: (key: NewKey) => void; onClose: () => void }) {
  const form = useForm(["grace_seconds"], (values) => rotateKey(of.id, Number(textOf(values, "grace_seconds"))), onDone);
  return (
    <Dialog open title={`Rotate ${of.name || `${of.prefix}…`}`} onClose={onClose}>
      <form className="grid gap-16" {...form.props}>
        {form.problem && <Failed error={form.problem} what="The key was not rotated." />}
        <p className="text-14 text-quiet">The new key has the same name, endpoints, addresses and last day. It is shown once.</p>
        <SelectField label="The old key still works for" name="grace_seconds" defaultValue={24 * 3600} data-focus error={form.errorOf("grace_seconds")}>
          {graces.map(([seconds, text]) => (
            <option key={seconds} value={seconds}>
              {text}
            </option>
          ))}
        </SelectField>
        <footer className="flex justify-end gap-8">
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" kind="signal" busy={form.busy}>
            Rotate and show once
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
