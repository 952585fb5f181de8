const locale = "en-GB";
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "long" });
const date = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });
const dayMonth = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const weekday = new Intl.DateTimeFormat(locale, { weekday: "long" });
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });

/** "5 minutes ago", "in 12 days"; further than a month away it is the date itself. */
export function ago(iso: string, now: number = Date.now()): string {
  const distance = new Date(iso).getTime() - now;
  const size = Math.abs(distance);
  if (size < 45_000) return distance <= 0 ? "just now" : "in a moment";
  if (size < hour) return relative.format(Math.round(distance / minute), "minute");
  if (size < day) return relative.format(Math.round(distance / hour), "hour");
  if (size < 31 * day) return relative.format(Math.round(distance / day), "day");
  return date.format(new Date(iso));
}

export const exactly = (iso: string): string => full.format(new Date(iso));
export const onDate = (iso: string): string => date.format(new Date(iso));
export const shortDate = (iso: string): string => dayMonth.format(new Date(iso));
export const onWeekday = (iso: string): string => weekday.format(new Date(iso));
export const atClock = (iso: string): string => clock.format(new Date(iso));
