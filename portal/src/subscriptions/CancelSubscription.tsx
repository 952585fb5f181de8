import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "~/design/Button";
import { ConfirmDialog } from "~/design/Dialog";
import { Failed } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { cancelSubscription } from "./data";

export function CancelSubscription({ id, name, plan }: { id: string; name: string; plan: string }) {
  const [asked, setAsked] = useState(false);
  const note = useNote();
  const mutation = useMutation({
    mutationFn: () => cancelSubscription(id),
    onSuccess: () => {
      setAsked(false);
      note(`${name} is canceled.`);
    },
  });
  return (
    <section aria-labelledby="cancel" className="flex flex-wrap items-center justify-between gap-16 border-t border-line pt-24">
      <div>
        <h2 id="cancel" className="font-medium">
          Cancel this subscription
        </h2>
        <p className="text-quiet text-13">Its keys stop at once. Usage and calls stay readable here.</p>
      </div>
      <Button onClick={() => setAsked(true)}>Cancel subscription</Button>
      <ConfirmDialog
        open={asked}
        title={`Cancel ${name}, ${plan}?`}
        verb="Cancel subscription"
        busy={mutation.isPending}
        error={mutation.error && <Failed error={mutation.error} what="It was not canceled." />}
        onConfirm={() => mutation.mutate()}
        onClose={() => {
          mutation.reset();
          setAsked(false);
        }}
      >
        <p>Calls with its keys are refused within a second. What was used so far stays on the invoice of this period.</p>
        <p>Subscribing again within the period takes it up where it was, with the same counters.</p>
      </ConfirmDialog>
    </section>
  );
}
