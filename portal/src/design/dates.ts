const locale = "en-GB";
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

type Shape = "date" | "exact" | "dayAndClock" | "clock";
const shapes: Record<Shape, Intl.DateTimeFormatOptions> = {
  date: { day: "numeric", month: "short", year: "numeric" },
  exact: { dateStyle: "medium", timeStyle: "long" },
  dayAndClock: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
  clock: { hour: "2-digit", minute: "2-digit" },
};
const formats = new Map<string, Intl.DateTimeFormat>();

/** Without a zone it is the reader's own. One that this browser does not know counts as UTC, as on the server. */
function format(shape: Shape, zone?: string): Intl.DateTimeFormat {
  const name = `${shape} ${zone ?? ""}`;
  const known = formats.get(name);
  if (known) return known;
  const made = new Intl.DateTimeFormat(locale, { ...shapes[shape], timeZone: zone && zoneOf(zone) });
  formats.set(name, made);
  return made;
}

export function zoneOf(name: string): string {
  try {
    return new Intl.DateTimeFormat(locale, { timeZone: name }).resolvedOptions().timeZone && name;
  } catch {
    return "UTC";
  }
}

/** "5 minutes ago", "in 12 days"; further than a month away it is the date itself. */
export function ago(iso: string, now: number = Date.now(), zone?: string): string {
  const distance = new Date(iso).getTime() - now;
  const size = Math.abs(distance);
  if (size < 45_000) return distance <= 0 ? "just now" : "in a moment";
  if (size < hour) return relative.format(Math.round(distance / minute), "minute");
  if (size < day) return relative.format(Math.round(distance / hour), "hour");
  if (size < 31 * day) return relative.format(Math.round(distance / day), "day");
  return onDate(iso, zone);
}

/** How long one waits at the most: "25 seconds", "40 minutes", "2 hours". */
export function waiting(seconds: number): string {
  const [size, unit] = seconds < 90 ? [Math.ceil(seconds), "second"] : seconds <= 90 * 60 ? [Math.ceil(seconds / 60), "minute"] : [Math.ceil(seconds / 3600), "hour"];
  return `${size} ${unit}${size === 1 ? "" : "s"}`;
}

export const exactly = (iso: string, zone?: string): string => format("exact", zone).format(new Date(iso));
export const onDate = (iso: string, zone?: string): string => format("date", zone).format(new Date(iso));
export const dayAndClock = (iso: string, zone?: string): string => format("dayAndClock", zone).format(new Date(iso));
export const atClock = (at: number): string => format("clock").format(at);
