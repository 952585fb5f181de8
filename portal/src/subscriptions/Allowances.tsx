import { allowanceName, pastText, plainWindow, type Allowance } from "~/catalog/plans";
import { Boundary, When } from "~/design/Figures";
import { count } from "~/design/format";
import type { Subscription } from "./data";

type Limit = NonNullable<Subscription["usage"]>[number];

interface AllowancesProps {
  limits: readonly Limit[];
  allowances: readonly Allowance[];
  price: { currency: string; interval: string };
  zone: string;
}

/** Who waits for the next minute or hour asks how long; the others begin on a day, and whose day that is matters. */
const ofTheClock: readonly string[] = ["second", "minute", "hour"];

/** What may still be used, and when it starts anew. */
export function Allowances({ limits, allowances, price, zone }: AllowancesProps) {
  return (
    <section aria-labelledby="allowances">
      <h2 id="allowances" className="text-20 font-semibold mb-12">
        Allowances
      </h2>
      {limits.length === 0 && <p className="text-quiet">This plan sets no limits, or none can be used any more.</p>}
      <ul className="grid gap-20">
        {limits.map((limit) => {
          const allowance = allowances.find((each) => each.meter === limit.meter && each.window === limit.window);
          return (
            <li key={`${limit.meter}/${limit.window}`}>
              <AllowanceRow limit={limit} name={allowanceName(plainWindow(limit, price.interval))} past={allowance ? pastText(allowance, price.currency) : ""} zone={zone} />
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function AllowanceRow({ limit, name, past, zone }: { limit: Limit; name: string; past: string; zone: string }) {
  const share = limit.limit === 0 ? 1 : Math.min(1, limit.used / limit.limit);
  const over = Math.max(0, limit.used - limit.limit);
  const state = over > 0 && limit.past === "charge" ? "charged" : limit.remaining <= 0 ? "out" : share >= 0.8 ? "low" : "fine";
  return (
    <>
      <div className="flex items-baseline justify-between gap-12">
        <span className="font-medium">{name}</span>
        <span className="text-13">
          {over > 0 ? `${count(over)} past ${count(limit.limit)}` : `${count(limit.remaining)} left of ${count(limit.limit)}`}
        </span>
      </div>
      <div className="gauge mt-4" data-state={state} role="meter" aria-label={`${name}, used`} aria-valuemin={0} aria-valuemax={limit.limit} aria-valuenow={Math.min(limit.used, limit.limit)}>
        <span style={{ width: `${share * 100}%` }} />
      </div>
      <p className="text-12 text-quiet mt-4">
        {count(limit.used)} used, {past}. Starts anew{" "}
        {ofTheClock.includes(limit.window) ? <When at={limit.resets_at} zone={zone} /> : <Boundary at={limit.resets_at} zone={zone} />}.
      </p>
    </>
  );
}
