import { useRef } from "react";
import { Button } from "~/design/Button";
import { TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { useForm } from "~/design/useForm";
import { changePassword } from "./data";
import { Section } from "./Section";

export function PasswordSection() {
  const note = useNote();
  const element = useRef<HTMLFormElement>(null);
  const form = useForm(
    ["current_password", "password"],
    (values) => changePassword(String(values.get("current_password") ?? ""), String(values.get("password") ?? "")),
    () => {
      element.current?.reset();
      note("The password is changed, and all other devices are signed out.");
    },
  );
  return (
    <Section title="Password" lead="Changing it signs out all other devices.">
      <form className="grid gap-12" ref={element} {...form.props} aria-label="Change the password">
        {form.problem && <Failed error={form.problem} what="The password was not changed." />}
        <TextField label="Current password" name="current_password" type="password" autoComplete="current-password" error={form.errorOf("current_password")} />
        <TextField label="New password" name="password" type="password" autoComplete="new-password" hint="At least 8 characters." error={form.errorOf("password")} />
        <div>
          <Button type="submit" busy={form.busy}>
            Change password
          </Button>
        </div>
      </form>
    </Section>
  );
}
