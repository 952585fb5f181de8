import type { Subscription } from "./data";

/** What holds for those who would call: an operator's word on either side goes before the subscription's own. */
export type Standing = Subscription["status"] | "suspended" | "not_served";

export function standingOf({ status, suspended, product }: Pick<Subscription, "status" | "suspended" | "product">): Standing {
  if (status === "canceled") return "canceled";
  if (suspended) return "suspended";
  return product.suspended ? "not_served" : status;
}

const looks: Record<Standing, { word: string; shape: string; status: string }> = {
  active: { word: "Active", shape: "circle", status: "2xx" },
  past_due: { word: "Past due", shape: "diamond", status: "5xx" },
  paused: { word: "Paused", shape: "hollow", status: "4xx" },
  suspended: { word: "Suspended", shape: "diamond", status: "5xx" },
  not_served: { word: "Not served", shape: "hollow", status: "4xx" },
  canceled: { word: "Canceled", shape: "hollow", status: "none" },
};

export const wordOf = (standing: Standing): string => looks[standing].word;

export function SubscriptionStatus({ standing }: { standing: Standing }) {
  const look = looks[standing];
  return (
    <span className="chip" data-shape={look.shape} data-status={look.status}>
      {look.word}
    </span>
  );
}
