// Numbers as people read them. English throughout, so that a page is the same for everyone and for the tests.

const locale = "en-GB";
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const count = (value: number): string => whole.format(value);

/** "1 call", "2 calls": the noun's plural is given where adding an s is wrong. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

/** 12,400 becomes 12.4k: for axes and narrow columns; the exact number is never far away. */
export function compact(value: number): string {
  if (Math.abs(value) < 10_000) return count(value);
  return new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(value).replace("K", "k");
}

export interface MoneyParts {
  sign: string;
  symbol: string;
  major: string;
  minor: string;
}

/** An integer in minor units, split so that the minor units can be set smaller. */
export function moneyParts(amount: number, currency: string): MoneyParts {
  const format = new Intl.NumberFormat(locale, { style: "currency", currency: currency.toUpperCase(), currencyDisplay: "narrowSymbol" });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  const parts = format.formatToParts(Math.abs(amount) / 10 ** digits);
  const join = (...types: string[]) => parts.filter((part) => types.includes(part.type)).map((part) => part.value).join("");
  return { sign: amount < 0 ? "−" : "", symbol: join("currency"), major: join("integer", "group"), minor: join("decimal", "fraction") };
}

export function money(amount: number, currency: string): string {
  const { sign, symbol, major, minor } = moneyParts(amount, currency);
  return `${sign}${symbol}${major}${minor}`;
}

/** A unit price is a decimal string in the major unit, up to twelve decimals: shown as it is, never rounded. */
export function unitPrice(decimal: string, currency: string): string {
  const { symbol } = moneyParts(0, currency);
  const [major = "0", fraction = ""] = decimal.split(".");
  const trimmed = fraction.replace(/0+$/, "");
  return `${symbol}${count(Number(major))}.${trimmed.padEnd(2, "0")}`;
}

/** What a person typed as "29" or "29.50" in minor units, or null when it is not an amount. */
export function parseMoney(typed: string, currency: string): number | null {
  const match = /^(\d{1,9})(?:[.,](\d+))?$/.exec(typed.trim());
  if (!match) return null;
  const digits = new Intl.NumberFormat(locale, { style: "currency", currency: currency.toUpperCase() }).resolvedOptions().maximumFractionDigits ?? 2;
  const fraction = match[2] ?? "";
  if (fraction.length > digits) return null;
  return Number(match[1]) * 10 ** digits + Number(fraction.padEnd(digits, "0") || "0");
}

export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1000 && unit < units.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  return `${unit > 0 && scaled < 10 ? scaled.toFixed(1) : whole.format(scaled)} ${units[unit]}`;
}

export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return value < 10 && value > 0 ? `${value.toFixed(1)} ms` : `${whole.format(value)} ms`;
}

/** A share between 0 and 1. One that is not 1 never reads as 100 %. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined) return "–";
  const shown = share < 1 ? Math.min(share * 100, 99.99) : 100;
  return `${shown.toFixed(shown === 100 || shown === 0 ? 0 : shown >= 99 ? 2 : 1)} %`;
}
