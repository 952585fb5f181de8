import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { Button } from "~/design/Button";
import { TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { useForm } from "~/design/useForm";
import { askForReset } from "~/session/data";
import { changePassword, type Security } from "./data";
import { Section } from "./Section";

export function PasswordSection({ security }: { security: Security }) {
  return security.password ? <ChangeForm /> : <None email={security.email} />;
}

/** Who came by a code or a provider: the first one is chosen as a forgotten one is. */
function None({ email }: { email: string }) {
  const ask = useMutation({ mutationFn: () => askForReset(email) });
  return (
    <Section title="Password" lead="None. You sign in without one, and may go on so.">
      {ask.isSuccess ? (
        <p role="status">A mail is on its way to {email}. Its link works once, for ten minutes; choosing a password by it signs all devices out.</p>
      ) : (
        <div>
          <Button busy={ask.isPending} onClick={() => ask.mutate()}>
            Mail me a link to choose one
          </Button>
        </div>
      )}
      {ask.error && <Failed error={ask.error} what="No mail was sent." />}
    </Section>
  );
}

function ChangeForm() {
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
