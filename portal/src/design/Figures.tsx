import { ago, dayAndClock, exactly, onDate, zoneOf } from "./dates";
import { moneyParts } from "./format";

/** Money: minor units small. A column names its currency once, so the symbol can be left out. */
export function Money({ amount, currency, bare = false }: { amount: number; currency: string; bare?: boolean }) {
  const { sign, symbol, major, minor } = moneyParts(amount, currency);
  return (
    <span className="whitespace-nowrap">
      {sign}
      {!bare && symbol}
      {major}
      <span className="minor">{minor}</span>
    </span>
  );
}

/** A relative time, with the exact one on hover. */
export function When({ at, zone, className }: { at: string; zone?: string; className?: string }) {
  return (
    <time dateTime={at} title={exactly(at, zone)} className={className}>
      {ago(at, undefined, zone)}
    </time>
  );
}

/** A day, with the exact time and its zone on hover. What begins or ends by another's clock is given that zone. */
export function Day({ at, zone }: { at: string; zone?: string }) {
  return (
    <time dateTime={at} title={exactly(at, zone)} className="whitespace-nowrap">
      {onDate(at, zone)}
    </time>
  );
}

/** A span that is paid for: its days are those of the subscriber's zone, whoever reads them, and the zone is told. */
export function Period({ from, to, zone }: { from: string; to: string; zone: string }) {
  return (
    <span>
      <Day at={from} zone={zone} /> to <Day at={to} zone={zone} />, <Zone of={zone} />
    </span>
  );
}

/** When a window ends, by the clock that it goes by. */
export function Boundary({ at, zone }: { at: string; zone: string }) {
  const far = ago(at, undefined, zone) === onDate(at, zone);
  return (
    <>
      {!far && (
        <>
          <When at={at} zone={zone} />,{" "}
        </>
      )}
      {dayAndClock(at, zone)} <Zone of={zone} />
    </>
  );
}

export function Zone({ of }: { of: string }) {
  return <span title="The time zone of the subscription: its periods begin and end by it.">{zoneOf(of)}</span>;
}

export function Price({ amount, currency, interval }: { amount: number; currency: string; interval: string }) {
  if (amount === 0) return <span>Free</span>;
  return (
    <span className="whitespace-nowrap">
      <Money amount={amount} currency={currency} /> <span className="text-quiet">a {interval}</span>
    </span>
  );
}
