import { useMutation, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { failureOf } from "~/api/query";
import type { Listing } from "~/catalog/data";
import { Button } from "~/design/Button";
import { ConfirmDialog } from "~/design/Dialog";
import { When } from "~/design/Figures";
import { Failed, Lines } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { createKey, editKey, keysQuery, revokeKey, type Key, type NewKey, type Subscription } from "./data";
import { KeyForm } from "./KeyForm";
import { KeyTable, type KeyAct } from "./KeyTable";
import { KeyTicket } from "./KeyTicket";
import { RotateKey } from "./RotateKey";

interface KeysSectionProps {
  subscription: Subscription;
  listing: Listing | undefined;
  /** Make, change and revoke them. */
  may: boolean;
}

export function KeysSection({ subscription, listing, may }: KeysSectionProps) {
  const query = useQuery(keysQuery(subscription.id));
  const [making, setMaking] = useState(false);
  const [issued, setIssued] = useState<NewKey | null>(null);
  const [act, setAct] = useState<{ what: KeyAct; key: Key } | null>(null);
  const note = useNote();
  const show = (key: NewKey) => {
    setMaking(false);
    setAct(null);
    setIssued(key);
  };
  const create = useRef<HTMLButtonElement>(null);
  const kept = () => {
    setIssued(null);
    create.current?.focus();
  };
  const live = subscription.status !== "canceled";
  return (
    <section aria-labelledby="keys">
      <header className="flex flex-wrap items-center justify-between gap-16 mb-8">
        <h2 id="keys" className="text-20 font-semibold">
          Keys
        </h2>
        {live && may && <Button ref={create} onClick={() => setMaking(true)}>Create key</Button>}
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
              next: <Button onClick={kept}>I have kept it</Button>,
            }}
          />
        </div>
      )}
      {failureOf(query) ? (
        <Failed error={query.error} what="The keys could not be read." retry={() => void query.refetch()} />
      ) : query.data ? (
        <>
          {!live && query.data.data.length > 0 && <p className="text-quiet mb-8">They open nothing any more: the subscription is canceled.</p>}
          <KeyTable keys={query.data.data} onAct={may && live ? (what, key) => setAct({ what, key }) : undefined} />
        </>
      ) : (
        <Lines rows={2} />
      )}
      {making && (
        <KeyForm
          title="Create a key"
          verb="Create and show once"
          what="No key was made."
          subscriptionId={subscription.id}
          send={(draft) => createKey(subscription.id, draft)}
          onDone={show}
          onClose={() => setMaking(false)}
        />
      )}
      {act?.what === "edit" && (
        <KeyForm
          title={`Edit ${act.key.name || `${act.key.prefix}…`}`}
          verb="Save key"
          what="The key was not changed."
          subscriptionId={subscription.id}
          of={act.key}
          send={(draft) => editKey(act.key.id, draft)}
          onDone={() => {
            setAct(null);
            note("The key is changed, on every node within a second.");
          }}
          onClose={() => setAct(null)}
        />
      )}
      {act?.what === "rotate" && <RotateKey of={act.key} onDone={show} onClose={() => setAct(null)} />}
      <RevokeDialog apiKey={act?.what === "revoke" ? act.key : null} onClose={() => setAct(null)} />
    </section>
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
      onClose={() => {
        mutation.reset();
        onClose();
      }}
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
