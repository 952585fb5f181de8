import { useRef } from "react";
import { ApiError } from "~/api/problem";
import { AskFirst } from "~/design/AskFirst";
import { Button } from "~/design/Button";
import { TextField } from "~/design/Field";
import { Day, When } from "~/design/Figures";
import { Failed } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { canUsePasskeys } from "~/session/passkeys";
import { addPasskey, removePasskey, type Passkey, type Security } from "./data";
import { Section } from "./Section";
import { useGuard } from "./StepUp";

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
            <Row key={passkey.id} passkey={passkey} last={passkeys.length === 1 && !security.password} />
          ))}
        </ul>
      )}
      {canUsePasskeys() ? <AddForm /> : <p className="text-13 text-quiet">This browser makes passkeys only over https, or on this machine.</p>}
    </Section>
  );
}

function Row({ passkey, last }: { passkey: Passkey; last: boolean }) {
  const guard = useGuard("This takes a way into your account away.");
  return (
    <li className="flex flex-wrap items-center justify-between gap-8 border-b border-line py-8">
      <span className="min-w-0">
        <span className="font-medium break-words">{passkey.name}</span>
        <span className="block text-13 text-quiet">
          Added <Day at={passkey.created_at} />, {passkey.last_used_at ? <>last used <When at={passkey.last_used_at} /></> : "not used yet"}
        </span>
      </span>
      <AskFirst
        label="Remove"
        name={`Remove ${passkey.name}`}
        title={`Remove ${passkey.name}?`}
        verb="Remove passkey"
        failed="It was not removed."
        act={() => guard(() => removePasskey(passkey.id))}
      >
        <p>It signs nobody in from then on. The device may go on offering it: remove it there too.</p>
        {last && <p>You have no password: then only a mail signs you in.</p>}
      </AskFirst>
    </li>
  );
}

function AddForm() {
  const guard = useGuard("This adds a way into your account.");
  const element = useRef<HTMLFormElement>(null);
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
    () => element.current?.reset(),
  );
  return (
    <form ref={element} className="grid gap-12" {...form.props} aria-label="Add a passkey">
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
