import { useMutation } from "@tanstack/react-query";
import { ApiError } from "~/api/problem";
import { Button } from "~/design/Button";
import { TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { canUsePasskeys } from "~/session/passkeys";
import { addPasskey, removePasskey, type Passkey, type Security } from "./data";
import { Section } from "./Section";
import { useGuard } from "./StepUp";

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

export function PasskeysSection({ security }: { security: Security }) {
  const { passkeys } = security;
  return (
    <Section
      title="Passkeys"
      lead={passkeys.length === 0 ? "None yet. A passkey signs you in with your fingerprint, face or security key, and cannot be phished." : "Each signs you in by itself, without a password."}
    >
      {passkeys.length > 0 && (
        <ul className="grid" aria-label="Passkeys">
          {passkeys.map((passkey) => (
            <Row key={passkey.id} passkey={passkey} />
          ))}
        </ul>
      )}
      {canUsePasskeys() ? <AddForm /> : <p className="text-13 text-quiet">This browser makes passkeys only over https, or on this machine.</p>}
    </Section>
  );
}

function Row({ passkey }: { passkey: Passkey }) {
  const guard = useGuard("This takes a way into your account away.");
  const remove = useMutation({ mutationFn: () => guard(() => removePasskey(passkey.id)) });
  return (
    <li className="flex flex-wrap items-center justify-between gap-8 border-b border-line py-8">
      <span className="min-w-0">
        <span className="font-medium break-words">{passkey.name}</span>
        <span className="block text-13 text-quiet">
          Added {day.format(new Date(passkey.created_at))}, {passkey.last_used_at ? `last used ${day.format(new Date(passkey.last_used_at))}` : "not used yet"}
        </span>
      </span>
      <Button kind="bad" busy={remove.isPending} aria-label={`Remove ${passkey.name}`} onClick={() => remove.mutate()}>
        Remove
      </Button>
      {remove.error && <Failed error={remove.error} what="It was not removed." />}
    </li>
  );
}

function AddForm() {
  const guard = useGuard("This adds a way into your account.");
  const form = useForm(
    ["name"],
    async (values) => {
      try {
        await guard(() => addPasskey(textOf(values, "name")));
      } catch (cause) {
        // The browser's own errors are for programmers.
        throw cause instanceof DOMException ? new ApiError(0, "PASSKEY_CANCELED", "The browser made no passkey. There may be one of this account already.", null) : cause;
      }
    },
    () => undefined,
  );
  return (
    <form className="grid gap-12" {...form.props} aria-label="Add a passkey">
      {form.problem && <Failed error={form.problem} what="No passkey was added." />}
      <TextField label="Name" name="name" defaultValue="This device" hint="By which you know it again." error={form.errorOf("name")} />
      <div>
        <Button type="submit" busy={form.busy}>
          Add a passkey
        </Button>
      </div>
    </form>
  );
}
