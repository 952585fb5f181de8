import { isDeclared } from "~/catalog/plans";
import { parseMoney } from "~/design/format";
import type { Plan, PlanDraft } from "./data";

/** A plan as it is being typed: numbers are still texts. */
export interface PlanForm {
  name: string;
  description: string;
  price: string;
  currency: string;
  interval: "month" | "year";
  allowances: AllowanceForm[];
}

export interface AllowanceForm {
  /** Only for React: rows can be removed. */
  row: number;
  meter: string;
  amount: string;
  window: Plan["allowances"][number]["window"];
  past: "deny" | "charge";
  unitPrice: string;
}

export const currencies = ["usd", "eur", "gbp", "chf", "jpy"] as const;
const windows: readonly AllowanceForm["window"][] = ["second", "minute", "hour", "day", "week", "month", "billing_period"];
/** Reports come later than seconds and minutes end. */
export const windowsOf = (meter: string): readonly AllowanceForm["window"][] => (isDeclared(meter) ? windows.filter((each) => each !== "second" && each !== "minute") : windows);
export const meters = ["requests", "bytes.out", "actions"] as const;

let rows = 0;
export const newAllowance = (): AllowanceForm => ({ row: ++rows, meter: "requests", amount: "1000", window: "month", past: "deny", unitPrice: "" });

export function toForm(plan: Plan | null, first: boolean): PlanForm {
  if (plan === null) return { name: first ? "Free" : "", description: "", price: first ? "0" : "", currency: "usd", interval: "month", allowances: [newAllowance()] };
  const digits = new Intl.NumberFormat("en", { style: "currency", currency: plan.price.currency.toUpperCase() }).resolvedOptions().maximumFractionDigits ?? 2;
  return {
    name: plan.name,
    description: plan.description,
    price: (plan.price.amount / 10 ** digits).toFixed(plan.price.amount % 10 ** digits === 0 ? 0 : digits),
    currency: plan.price.currency,
    interval: plan.price.interval === "year" ? "year" : "month",
    allowances: plan.allowances.map((each) => ({
      row: ++rows,
      meter: each.meter,
      amount: String(each.amount),
      window: each.window,
      past: each.past === "charge" ? "charge" : "deny",
      unitPrice: each.unit_price ?? "",
    })),
  };
}

const whole = (text: string): number => (/^\d+$/.test(text.replace(/[ ,]/g, "")) ? Number(text.replace(/[ ,]/g, "")) : -1);

/** What cannot be read as a number is sent as −1: the server's rule then names the field. */
export function toDraft(form: PlanForm): PlanDraft {
  return {
    name: form.name.trim(),
    description: form.description.trim(),
    price: { amount: parseMoney(form.price, form.currency) ?? -1, currency: form.currency, interval: form.interval },
    allowances: form.allowances.map((each) => ({
      meter: each.meter,
      amount: whole(each.amount),
      window: each.window,
      past: each.past,
      unit_price: each.past === "charge" ? each.unitPrice.trim().replace(",", ".") : null,
    })),
  };
}
