import { useMutation } from "@tanstack/react-query";
import { Check, Circle, CircleDot } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Button, ButtonLink } from "~/design/Button";
import { counted } from "~/design/format";
import { Failed } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { publishApi, type Api, type Plan } from "./data";

type State = "done" | "next" | "later";
const marks = { done: Check, next: CircleDot, later: Circle };
const words = { done: "Done", next: "Next", later: "Later" };

function Step({ state, title, children, action }: { state: State; title: string; children: ReactNode; action?: ReactNode }) {
  const Mark = marks[state];
  return (
    <li data-state={state}>
      <Mark role="img" aria-label={words[state]} className="size-20" strokeWidth={1.75} />
      <div>
        <p className="font-medium">{title}</p>
        <p className="text-13 text-quiet">{children}</p>
      </div>
      {action}
    </li>
  );
}

/** What is done, and the one thing to do next. */
export function WayToCatalog({ api, plans, may }: { api: Api; plans: readonly Plan[]; may: boolean }) {
  const [accepted, setAccepted] = useState(false);
  const note = useNote();
  const errors = api.findings.filter((each) => each.severity === "error").length;
  const mutation = useMutation({
    mutationFn: () => publishApi(api.id, accepted),
    onSuccess: () => note(`${api.name} is published.`),
  });
  const planned = plans.length > 0;
  if (api.status === "archived") return <p className="text-quiet max-w-prose">An archived API is not served, and cannot be subscribed to. Its usage stays readable.</p>;
  return (
    <section aria-label="The way to the catalog">
      <ol className="way">
        <Step state="done" title="Import the document">
          {counted(api.endpoints.length, "endpoint")}, {counted(api.findings.length, "finding")}
        </Step>
        <Step
          state={planned ? "done" : "next"}
          title="Add a plan"
          action={
            may && (
              <ButtonLink to="/apis/$id" params={{ id: api.id }} search={{ view: "plans" }} kind={planned ? "plain" : "signal"}>
                {planned ? "Edit plans" : "Add a plan"}
              </ButtonLink>
            )
          }
        >
          {planned ? plans.map((plan) => plan.name).join(", ") : "What it costs and how much of it may be used. It may be free."}
        </Step>
        <Step
          state={planned ? "next" : "later"}
          title="Publish"
          action={
            may && (
              <Button kind={planned ? "signal" : "plain"} disabled={!planned || (errors > 0 && !accepted)} busy={mutation.isPending} onClick={() => mutation.mutate()}>
                Publish API
              </Button>
            )
          }
        >
          {api.status === "unpublished" ? "Back in the catalog within a second. Its subscribers were served all the time." : "Live in the gateway and in the catalog within a second."}
        </Step>
      </ol>
      {errors > 0 && planned && may && (
        <label className="flex items-start gap-8 mt-16 max-w-prose">
          <input type="checkbox" checked={accepted} onChange={(event) => setAccepted(event.target.checked)} className="check mt-4" />
          <span>
            Publish with {counted(errors, "error")} in the document. Calls work; who reads the document or generates a client from it will stumble.
          </span>
        </label>
      )}
      {mutation.error && (
        <div className="mt-16">
          <Failed error={mutation.error} what="It was not published." />
        </div>
      )}
    </section>
  );
}
