import type { Upstreams, UpstreamsDraft } from "./data";

/** The upstreams as they are being typed: numbers are still texts. */
export interface UpstreamsForm {
  targets: TargetForm[];
  balancing: Upstreams["balancing"];
  checked: boolean;
  path: string;
  interval: string;
  timeout: string;
  unhealthyAfter: string;
  healthyAfter: string;
  failures: string;
  coolOff: string;
  maxCoolOff: string;
  gatewayErrors: boolean;
}

export interface TargetForm {
  /** Only for React: rows can be removed. */
  row: number;
  url: string;
  weight: string;
}

let rows = 0;
export const newTarget = (): TargetForm => ({ row: ++rows, url: "", weight: "1" });

export function toForm({ targets, balancing, health: { active, passive } }: Upstreams): UpstreamsForm {
  return {
    targets: targets.map((each) => ({ row: ++rows, url: each.url, weight: String(each.weight) })),
    balancing,
    checked: active !== null,
    path: active?.path ?? "/healthz",
    interval: String(active?.interval_seconds ?? 10),
    timeout: String((active?.timeout_ms ?? 2000) / 1000),
    unhealthyAfter: String(active?.unhealthy_after ?? 3),
    healthyAfter: String(active?.healthy_after ?? 2),
    failures: String(passive.failures),
    coolOff: String(passive.cool_off_seconds),
    maxCoolOff: String(passive.max_cool_off_seconds),
    gatewayErrors: passive.gateway_errors,
  };
}

const whole = (text: string): number => (/^\d{1,9}$/.test(text.trim()) ? Number(text) : -1);
const milliseconds = (text: string): number => (/^\d{1,6}([.,]\d+)?$/.test(text.trim()) ? Math.round(Number(text.replace(",", ".")) * 1000) : -1);

/** What cannot be read as a number is sent as −1: the server's rule then names the field. What the form does not show stays. */
export function toDraft(form: UpstreamsForm, before: Upstreams): UpstreamsDraft {
  const active = before.health.active;
  return {
    targets: form.targets.map((each) => ({ url: each.url.trim(), weight: whole(each.weight) })),
    balancing: form.balancing,
    health: {
      active: form.checked
        ? {
            path: form.path.trim(),
            interval_seconds: whole(form.interval),
            timeout_ms: milliseconds(form.timeout),
            unhealthy_after: whole(form.unhealthyAfter),
            healthy_after: whole(form.healthyAfter),
            status_from: active?.status_from,
            status_to: active?.status_to,
          }
        : null,
      passive: {
        failures: whole(form.failures),
        cool_off_seconds: whole(form.coolOff),
        max_cool_off_seconds: whole(form.maxCoolOff),
        gateway_errors: form.gatewayErrors,
      },
    },
  };
}
