import { useGuard } from "~/account/StepUp";
import { Button } from "~/design/Button";
import { Dialog } from "~/design/Dialog";
import { AreaField } from "~/design/Field";
import { Failed } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { textOf, useForm } from "~/design/useForm";
import { removeSecondFactors, type AdminAccount } from "./data";

/** For a person who has lost them all. Of an operator the server removes none. */
export function RemoveFactor({ account, onClose }: { account: AdminAccount; onClose: () => void }) {
  const note = useNote();
  const guard = useGuard(`As an operator you act on ${account.email}.`);
  const form = useForm(
    ["reason"],
    (values) => guard(() => removeSecondFactors(account.id, textOf(values, "reason"))),
    () => {
      onClose();
      note("Its second factor is removed, and its sessions have ended.");
    },
  );
  return (
    <Dialog open title={`Remove the second factor of ${account.email}?`} onClose={onClose}>
      <form className="grid gap-16" {...form.props} aria-label="Remove the second factor">
        {form.problem && <Failed error={form.problem} what="Nothing was changed." />}
        <p className="text-quiet">
          Its authenticator app, recovery codes and passkeys are gone at once, its sessions end, and the person is told by mail. From then on a password, the mailbox or a connected provider alone lets in, until a new one is added. Its API tokens go on working.
        </p>
        <AreaField
          label="How you made sure who it is"
          name="reason"
          rows={3}
          maxLength={500}
          data-focus
          required
          hint="It is kept in the audit log, where the person reads it too."
          error={form.errorOf("reason")}
        />
        <footer className="flex justify-end gap-8">
          <Button onClick={onClose}>Leave it as it is</Button>
          <Button type="submit" kind="bad" busy={form.busy}>
            Remove second factor
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
