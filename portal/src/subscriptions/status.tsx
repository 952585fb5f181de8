import type { Subscription } from "./data";

const looks: Record<string, { word: string; shape: string; status: string }> = {
  active: { word: "Active", shape: "circle", status: "2xx" },
  past_due: { word: "Past due", shape: "diamond", status: "5xx" },
  paused: { word: "Paused", shape: "hollow", status: "4xx" },
  canceled: { word: "Canceled", shape: "hollow", status: "none" },
};

export function SubscriptionStatus({ status }: { status: Subscription["status"] }) {
  const look = looks[status] ?? { word: status, shape: "hollow", status: "none" };
  return (
    <span className="chip" data-shape={look.shape} data-status={look.status}>
      {look.word}
    </span>
  );
}
