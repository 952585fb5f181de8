import { useGuard } from "~/account/StepUp";
import { Button } from "~/design/Button";
import { Dialog } from "~/design/Dialog";
import { SelectField, TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { useSession } from "~/session/data";
import { areas, createToken, type NewApiToken } from "./data";

const dayMs = 86_400_000;

export function NewToken({ onDone, onClose }: { onDone: (made: NewApiToken) => void; onClose: () => void }) {
  const organizations = useSession()?.organizations ?? [];
  const guard = useGuard("Whoever has an API token acts in your name.");
  const form = useForm(
    ["name", "organization", "expires_at", "scopes"],
    (values) => {
      const days = Number(textOf(values, "days"));
      return guard(() =>
        createToken({
          name: textOf(values, "name"),
          organization: textOf(values, "organization") || null,
          expires_at: days > 0 ? new Date(Date.now() + days * dayMs).toISOString() : null,
          scopes: areas.flatMap(({ area }) => {
            const level = textOf(values, area);
            return level === "" ? [] : [`${area}:${level}`];
          }),
        }),
      );
    },
    onDone,
  );
  return (
    <Dialog open title="Create a token" onClose={onClose}>
      <form className="grid gap-16" {...form.props}>
        {form.problem && <Failed error={form.problem} what="No token was made." />}
        <TextField label="Name" name="name" data-focus required maxLength={100} placeholder="Deploy from CI" error={form.errorOf("name")} />
        <SelectField label="For" name="organization" error={form.errorOf("organization")}>
          <option value="">All your organizations</option>
          {organizations.map((each) => (
            <option key={each.id} value={each.id}>
              {each.name} only
            </option>
          ))}
        </SelectField>
        <SelectField label="Expires" name="days" defaultValue="90" error={form.errorOf("expires_at")}>
          <option value="7">In a week</option>
          <option value="30">In 30 days</option>
          <option value="90">In 90 days</option>
          <option value="365">In a year</option>
          <option value="">Never</option>
        </SelectField>
        <fieldset className="grid gap-8" onInput={() => form.touch("scopes")}>
          <legend className="text-13 font-medium mb-8">It may</legend>
          <div className="grid sm:grid-cols-2 gap-12">
            {areas.map(({ area, title, levels }) => (
              <SelectField key={area} small label={title} name={area}>
                <option value="">nothing</option>
                {levels.map((level) => (
                  <option key={level} value={level}>
                    {level === "write" ? "read and write" : "read"}
                  </option>
                ))}
              </SelectField>
            ))}
          </div>
          {form.errorOf("scopes") && <p className="text-13 text-bad">{form.errorOf("scopes")}</p>}
        </fieldset>
        <footer className="flex justify-end gap-8">
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" kind="signal" busy={form.busy}>
            Create and show once
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
