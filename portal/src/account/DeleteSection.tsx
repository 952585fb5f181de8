import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "~/design/Button";
import { TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { deleteAccount } from "./data";
import { Section } from "./Section";
import { useGuard } from "./StepUp";

export function DeleteSection({ email }: { email: string }) {
  const guard = useGuard("This ends your account for good.");
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const form = useForm(
    ["email"],
    (values) => guard(() => deleteAccount(textOf(values, "email"))),
    () => void navigate({ to: "/marketplace" }),
  );
  return (
    <Section title="Delete the account" lead="Your name, address and ways in are erased; what was invoiced is kept. There is no way back.">
      {!open && (
        <div>
          <Button kind="bad" onClick={() => setOpen(true)}>
            Delete my account
          </Button>
        </div>
      )}
      {open && (
        <form className="grid gap-12" {...form.props} aria-label="Delete the account">
          {form.problem && <Failed error={form.problem} what="The account is still there." />}
          {form.problem && form.problem.fields.length > 0 && (
            <ul className="list-disc pl-20">
              {form.problem.fields.map((each) => (
                <li key={each.message}>{each.message}</li>
              ))}
            </ul>
          )}
          <TextField label="Type your address" name="email" autoComplete="off" placeholder={email} error={form.errorOf("email")} />
          <div className="flex flex-wrap gap-8">
            <Button type="submit" kind="bad" busy={form.busy}>
              Delete for good
            </Button>
            <Button kind="quiet" onClick={() => setOpen(false)}>
              Keep it
            </Button>
          </div>
        </form>
      )}
    </Section>
  );
}
