import { When } from "~/design/Figures";
import { counted } from "~/design/format";
import type { Upstreams } from "./data";

type State = NonNullable<Upstreams["targets"][number]["state"]>;

const looks: Record<State["status"], { word: string; shape: string; status: string }> = {
  healthy: { word: "Healthy", shape: "circle", status: "2xx" },
  resting: { word: "Resting", shape: "diamond", status: "4xx" },
  unhealthy: { word: "Unhealthy", shape: "square", status: "5xx" },
};

const reasons: Record<NonNullable<State["last_failure"]>["reason"], string> = {
  connect_failed: "no connection",
  timed_out: "no answer in time",
  connection_broken: "the connection broke",
  gateway_error: "answered 502, 503 or 504",
  check_failed: "the check failed",
};

/** How the node that answered sees an upstream. */
export function UpstreamState({ state }: { state: State | null }) {
  if (state === null) return <p className="text-13 text-quiet">Not served yet</p>;
  const look = looks[state.status];
  const failure = state.last_failure;
  return (
    <p className="text-13 text-quiet flex flex-wrap gap-x-12 gap-y-4">
      <span className="chip text-ink" data-shape={look.shape} data-status={look.status}>
        {look.word}
      </span>
      {state.resting_until && (
        <span>
          tried again <When at={state.resting_until} />
        </span>
      )}
      <span>{counted(state.in_flight, "call")} in flight</span>
      {failure && (
        <span>
          last failure <When at={failure.at} />: {failure.detail ?? reasons[failure.reason]}
        </span>
      )}
    </p>
  );
}
