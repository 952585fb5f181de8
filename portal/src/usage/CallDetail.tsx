import { Beside } from "~/design/Beside";
import { CopyButton } from "~/design/Copy";
import { exactly } from "~/design/dates";
import { bytes, milliseconds } from "~/design/format";
import type { Call } from "./data";
import { StatusChip } from "./StatusChip";

const outcomes: Record<string, string> = {
  served: "Served",
  refused: "Refused at the gate",
  upstream_failed: "The upstream failed",
  client_aborted: "The client went away",
  interrupted: "Interrupted",
};

const reasons: Record<string, string> = {
  rate: "too many calls in a short time",
  quota: "the allowance of the period was used up",
  concurrency: "too many calls at once",
  spend_cap: "the spending limit was reached",
  subscription_inactive: "the subscription is not active",
  endpoint_not_in_plan: "the plan does not include this endpoint",
  key_revoked: "the key was revoked",
  key_expired: "the key has expired",
  address_not_allowed: "the key is for other addresses",
  endpoint_not_in_key: "the key is for other endpoints",
};

export function CallDetail({ call, onClose }: { call: Call; onClose: () => void }) {
  const rows: [string, React.ReactNode][] = [
    ["Status", <StatusChip key="status" status={call.status} />],
    ["Outcome", `${outcomes[call.outcome] ?? call.outcome}${call.reason && call.reason !== "none" ? `: ${reasons[call.reason] ?? call.reason}` : ""}`],
    ["Billed", call.billable ? "Yes, one call" : "No"],
    ["At", exactly(call.at)],
    ["Took", `${milliseconds(call.duration_ms)}${call.upstream_ms ? `, of which ${milliseconds(call.upstream_ms)} until the upstream answered` : ""}`],
    ["Size", `${bytes(call.bytes_in)} in, ${bytes(call.bytes_out)} out`],
    ["API version", String(call.api_version)],
  ];
  if (call.country) rows.push(["Country", call.country]);
  if (call.client_address) rows.push(["From", call.client_address]);
  return (
    <Beside label="Call" title={<code>{`${call.method} ${call.path}`}</code>} level={3} closing="Close call" onClose={onClose}>
      <dl className="terms mt-8">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="text-ink">{value}</dd>
          </div>
        ))}
      </dl>
      <div className="border-t border-line pt-8 text-12 text-quiet">
        Request id
        <div className="flex items-center justify-between gap-8">
          <code className="truncate text-ink">{call.request_id}</code>
          <CopyButton text={call.request_id} name="Copy request id" />
        </div>
      </div>
    </Beside>
  );
}
