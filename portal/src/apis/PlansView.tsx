import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { allowanceName, pastText } from "~/catalog/plans";
import { Button } from "~/design/Button";
import { ConfirmDialog } from "~/design/Dialog";
import { Price } from "~/design/Figures";
import { count } from "~/design/format";
import { Empty, Failed } from "~/design/States";
import { archivePlan, type Api, type Plan } from "./data";
import { PlanEditor } from "./PlanEditor";

type Editing = { plan: Plan | null } | null;

interface PlansViewProps {
  api: Api;
  plans: readonly Plan[];
  /** Make, change and archive them. */
  may: boolean;
}

export function PlansView({ api, plans, may }: PlansViewProps) {
  const [editing, setEditing] = useState<Editing>(null);
  const [ending, setEnding] = useState<Plan | null>(null);
  const add = may && (
    <Button kind={plans.length === 0 ? "signal" : "plain"} onClick={() => setEditing({ plan: null })}>
      Add a plan
    </Button>
  );
  return (
    <section aria-labelledby="plans">
      <h2 id="plans" className="sr-only">
        Plans
      </h2>
      {plans.length === 0 ? (
        <Empty title="No plan yet" action={add} example="For example: free with 1,000 calls a month, or $29 a month with 10,000 calls and $0.004 for each one more.">
          A plan says what the API costs and how much of it may be used. It takes one to publish.
        </Empty>
      ) : (
        <>
          <ul>
            {plans.map((plan) => (
              <PlanRow key={plan.id} plan={plan} may={may} onEdit={() => setEditing({ plan })} onArchive={() => setEnding(plan)} />
            ))}
          </ul>
          <div className="flex flex-wrap items-center gap-16 mt-16">
            {add}
            {may && api.status !== "published" && api.status !== "archived" && (
              <span className="text-quiet">
                Ready?{" "}
                <Link from="/apis/$id" to="." search={{}} className="link text-ink">
                  Go on to publish
                </Link>
              </span>
            )}
          </div>
        </>
      )}
      {editing && <PlanEditor api={api} plan={editing.plan} first={plans.length === 0} onClose={() => setEditing(null)} />}
      <ArchiveDialog plan={ending} onClose={() => setEnding(null)} />
    </section>
  );
}

function PlanRow({ plan, may, onEdit, onArchive }: { plan: Plan; may: boolean; onEdit: () => void; onArchive: () => void }) {
  return (
    <li className="plan-row">
      <div className="min-w-0">
        <h3 className="text-16 font-semibold break-words">{plan.name}</h3>
        <p>
          <Price {...plan.price} />
        </p>
        <p className="text-12 text-quiet">
          Version {plan.version}
          {plan.on_sale ? ", on sale" : ", not on sale yet"}
        </p>
      </div>
      <ul className="text-13">
        {plan.allowances.map((each) => (
          <li key={`${each.meter}/${each.window}`}>
            {allowanceName(each)}: {count(each.amount)}, <span className="text-quiet">{pastText(each, plan.price.currency)}</span>
          </li>
        ))}
        {plan.allowances.length === 0 && <li className="text-quiet">No limits</li>}
      </ul>
      {may && (
        <div className="flex gap-4">
          <Button aria-label={`Edit plan ${plan.name}`} onClick={onEdit}>
            Edit
          </Button>
          <Button kind="quiet" aria-label={`Archive plan ${plan.name}`} onClick={onArchive}>
            Archive
          </Button>
        </div>
      )}
    </li>
  );
}

function ArchiveDialog({ plan, onClose }: { plan: Plan | null; onClose: () => void }) {
  const mutation = useMutation({ mutationFn: (id: string) => archivePlan(id), onSuccess: onClose });
  return (
    <ConfirmDialog
      open={plan !== null}
      title={`Archive ${plan?.name ?? "plan"}?`}
      verb="Archive plan"
      busy={mutation.isPending}
      error={mutation.error && <Failed error={mutation.error} what="It is still on sale." />}
      onConfirm={() => plan && mutation.mutate(plan.id)}
      onClose={() => {
        mutation.reset();
        onClose();
      }}
    >
      <p>Nobody can subscribe to it any more. Who is on it stays on it, at the same price.</p>
    </ConfirmDialog>
  );
}
