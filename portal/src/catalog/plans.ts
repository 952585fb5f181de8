import { capital, count, unitPrice } from "~/design/format";

export interface Allowance {
  meter: string;
  amount: number;
  window: string;
  past: string;
  unit_price?: string | null;
}

export interface PlanTerms {
  id: string;
  price: { amount: number; currency: string; interval: string };
  allowances: readonly Allowance[];
}

const meterNames: Record<string, string> = {
  requests: "Calls",
  actions: "Actions",
  turns: "Turns",
  "mirror.sessions": "Mirror sessions",
  "ai.tokens": "AI tokens",
  "ai.cost": "AI cost",
  "bytes.out": "Bytes out",
};

/** A meter that a provider declared is `x.{organization}.{name}`; beside that provider's plans its own name says enough. */
export const isDeclared = (meter: string): boolean => meter.startsWith("x.");
export const meterName = (meter: string): string => meterNames[meter] ?? (isDeclared(meter) ? meter.split(".").slice(2).join(".") : meter);
export const windowName = (window: string): string => window.replace("_", " ");
export const allowanceName = (allowance: Pick<Allowance, "meter" | "window">): string => `${capital(meterName(allowance.meter))} a ${windowName(allowance.window)}`;

/** A billing period is a month or a year, as the price is. */
export const plainWindow = <T extends Pick<Allowance, "window">>(allowance: T, interval: string): T =>
  allowance.window === "billing_period" ? { ...allowance, window: interval } : allowance;

export function pastText(allowance: Pick<Allowance, "past" | "unit_price">, currency: string): string {
  return allowance.past === "charge" && allowance.unit_price ? `then ${unitPrice(allowance.unit_price, currency)} each` : "then refused";
}

export interface Term {
  name: string;
  /** One text for each plan, in the plans' order. */
  texts: string[];
  differs: boolean;
}

/** Said as a month or a year, the allowances of different plans can be compared. */
function plainly(plan: PlanTerms): readonly Allowance[] {
  return plan.allowances.map((each) => {
    const taken = plan.allowances.some((other) => other.meter === each.meter && other.window === plan.price.interval);
    return taken ? each : plainWindow(each, plan.price.interval);
  });
}

const windowOrder = ["second", "minute", "hour", "day", "week", "month", "year", "billing_period"];

/** The plans' allowances row by row, so that they can be read across; `differs` marks where they are not the same. */
export function compare(plans: readonly PlanTerms[]): Term[] {
  const names = new Map<string, Pick<Allowance, "meter" | "window">>();
  const all = plans.map(plainly);
  for (const allowances of all) for (const each of allowances) names.set(`${each.meter}/${each.window}`, each);
  const rows = [...names.values()].toSorted((a, b) => a.meter.localeCompare(b.meter) || windowOrder.indexOf(a.window) - windowOrder.indexOf(b.window));
  return rows.map((row) => {
    const texts = plans.map((plan, index) => {
      const found = all[index]?.find((each) => each.meter === row.meter && each.window === row.window);
      return found ? `${count(found.amount)}, ${pastText(found, plan.price.currency)}` : "no limit";
    });
    return { name: allowanceName(row), texts, differs: new Set(texts).size > 1 };
  });
}
