import { ago, exactly, onDate } from "./dates";
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
export function When({ at, className }: { at: string; className?: string }) {
  return (
    <time dateTime={at} title={exactly(at)} className={className}>
      {ago(at)}
    </time>
  );
}

/** A day, with the exact time and its zone on hover. */
export function Day({ at }: { at: string }) {
  return (
    <time dateTime={at} title={exactly(at)} className="whitespace-nowrap">
      {onDate(at)}
    </time>
  );
}

export function Price({ amount, currency, interval }: { amount: number; currency: string; interval: string }) {
  if (amount === 0) return <span>Free</span>;
  return (
    <span className="whitespace-nowrap">
      <Money amount={amount} currency={currency} /> <span className="text-quiet">a {interval}</span>
    </span>
  );
}
