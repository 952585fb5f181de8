import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "~/design/Button";
import { Dialog } from "~/design/Dialog";
import { TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { deleteAccount } from "./data";
import { Section } from "./Section";
import { useGuard } from "./StepUp";

export function DeleteSection({ email }: { email: string }) {
  const [open, setOpen] = useState(false);
  return (
    <Section title="Delete the account" lead="Your name, address and ways in are erased; what was invoiced is kept. There is no way back.">
      <div>
        <Button kind="bad" onClick={() => setOpen(true)}>
          Delete my account
        </Button>
      </div>
      {open && <DeleteDialog email={email} onClose={() => setOpen(false)} />}
    </Section>
  );
}

function DeleteDialog({ email, onClose }: { email: string; onClose: () => void }) {
  const guard = useGuard("This ends your account for good.");
  const navigate = useNavigate();
  const form = useForm(
    ["email"],
    (values) => guard(() => deleteAccount(textOf(values, "email"))),
    () => void navigate({ to: "/marketplace" }),
  );
  return (
    <Dialog open title="Delete your account?" onClose={onClose}>
      <form className="grid gap-16" {...form.props} aria-label="Delete the account">
        {form.problem && <Failed error={form.problem} what="The account is still there." />}
        {form.problem && form.problem.fields.length > 0 && (
          <ul className="list-disc pl-20">
            {form.problem.fields.map((each) => (
              <li key={each.message}>{each.message}</li>
            ))}
          </ul>
        )}
        <p className="text-quiet">
          You are <strong className="text-ink break-all">{email}</strong>. Type the address, so that it is surely this account.
        </p>
        <TextField label="Type your address" name="email" autoComplete="off" data-focus error={form.errorOf("email")} />
        <footer className="flex justify-end gap-8">
          <Button onClick={onClose}>Keep it</Button>
          <Button type="submit" kind="bad" busy={form.busy}>
            Delete for good
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
