import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Listing } from "~/catalog/data";
import { Button } from "~/design/Button";
import { ConfirmDialog, Dialog } from "~/design/Dialog";
import { TextField } from "~/design/Field";
import { When } from "~/design/Figures";
import { Failed, Lines } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { textOf, useForm } from "~/design/useForm";
import { createKey, keysQuery, revokeKey, type Key, type NewKey, type Subscription } from "./data";
import { KeyTicket } from "./KeyTicket";

export function KeysSection({ subscription, listing }: { subscription: Subscription; listing: Listing | undefined }) {
  const query = useQuery(keysQuery(subscription.id));
  const [making, setMaking] = useState(false);
  const [issued, setIssued] = useState<NewKey | null>(null);
  const [ending, setEnding] = useState<Key | null>(null);
  const live = subscription.status !== "canceled";
  return (
    <section aria-labelledby="keys">
      <header className="flex flex-wrap items-center justify-between gap-16 mb-8">
        <h2 id="keys" className="text-20 font-semibold">
          Keys
        </h2>
        {live && <Button onClick={() => setMaking(true)}>Create key</Button>}
      </header>
      {issued && (
        <div className="mb-24">
          <KeyTicket
            key={issued.id}
            issued={{
              ...issued,
              subscriptionId: subscription.id,
              planName: subscription.plan.name,
              apiName: subscription.product.name ?? listing?.name ?? "API",
              listing,
            }}
          />
          <Button className="mt-12" onClick={() => setIssued(null)}>
            I have kept it
          </Button>
        </div>
      )}
      {query.error ? (
        <Failed error={query.error} what="The keys could not be read." retry={() => void query.refetch()} />
      ) : query.data ? (
        <KeyTable keys={query.data.data} onRevoke={setEnding} />
      ) : (
        <Lines rows={2} />
      )}
      <NewKeyDialog
        open={making}
        subscriptionId={subscription.id}
        onClose={() => setMaking(false)}
        onMade={(key) => {
          setMaking(false);
          setIssued(key);
        }}
      />
      <RevokeDialog apiKey={ending} onClose={() => setEnding(null)} />
    </section>
  );
}

function KeyTable({ keys, onRevoke }: { keys: readonly Key[]; onRevoke: (key: Key) => void }) {
  if (keys.length === 0) return <p className="border-t border-line py-16 text-quiet">No keys. Calls need one: create it here, it is shown once.</p>;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Keys as a table">
      <table className="sheet">
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">Name</th>
            <th scope="col" className="hidden sm:table-cell">
              Last used
            </th>
            <th scope="col" className="hidden sm:table-cell">
              Created
            </th>
            <th scope="col">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id} className={key.revoked_at ? "text-quiet" : undefined}>
              <td className="whitespace-nowrap">
                <code>{key.prefix}…</code>
              </td>
              <td>{key.name || "–"}</td>
              <td className="whitespace-nowrap hidden sm:table-cell">{key.last_used_at ? <When at={key.last_used_at} /> : "never"}</td>
              <td className="whitespace-nowrap hidden sm:table-cell">
                <When at={key.created_at} />
              </td>
              <td className="figure">
                {key.revoked_at ? (
                  <span>
                    revoked <When at={key.revoked_at} />
                  </span>
                ) : (
                  <Button kind="quiet" aria-label={`Revoke key ${key.name || key.prefix}`} onClick={() => onRevoke(key)}>
                    Revoke key
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function NewKeyDialog({ open, subscriptionId, onClose, onMade }: { open: boolean; subscriptionId: string; onClose: () => void; onMade: (key: NewKey) => void }) {
  const form = useForm(["name"], (values) => createKey(subscriptionId, textOf(values, "name")), onMade);
  return (
    <Dialog open={open} title="Create a key" onClose={onClose}>
      <form className="grid gap-16" {...form.props}>
        {form.problem && <Failed error={form.problem} what="No key was made." />}
        <TextField label="Name" name="name" data-focus maxLength={80} placeholder="production" hint="Where it will be used. Only you see it." error={form.errorOf("name")} />
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

function RevokeDialog({ apiKey, onClose }: { apiKey: Key | null; onClose: () => void }) {
  const note = useNote();
  const mutation = useMutation({
    mutationFn: (id: string) => revokeKey(id),
    onSuccess: () => {
      onClose();
      note("The key is revoked.");
    },
  });
  return (
    <ConfirmDialog
      open={apiKey !== null}
      title={`Revoke ${apiKey?.name || `${apiKey?.prefix}…`}?`}
      verb="Revoke key"
      busy={mutation.isPending}
      error={mutation.error && <Failed error={mutation.error} what="The key still works." />}
      onConfirm={() => apiKey && mutation.mutate(apiKey.id)}
      onClose={onClose}
    >
      <p>
        Calls with it are refused within a second, and streams that it opened end within five. This cannot be undone.
        {apiKey?.last_used_at && (
          <>
            {" "}
            It was last used <When at={apiKey.last_used_at} />.
          </>
        )}
      </p>
      <p>If something still uses it, create the next key first.</p>
    </ConfirmDialog>
  );
}
