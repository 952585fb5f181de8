// Days are those of UTC, as the rollups are; hours are shown in the reader's own zone.
const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
const dayMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayClock = new Intl.DateTimeFormat("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit" });

const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "long" });

export const dayName = (at: number): string => `on ${day.format(at)}`;
export const hourName = (at: number): string => `on ${weekday.format(at)} at ${clock.format(at)}`;
export const axisLabel = (at: number, interval: "hour" | "day"): string => (interval === "hour" ? clock.format(at) : dayMonth.format(at));
export const rowLabel = (at: number, interval: "hour" | "day"): string => (interval === "hour" ? dayClock.format(at) : day.format(at));

/** Whose days these are: not those of the subscription's periods, which begin by its own zone. */
export const daysOf = (interval: "hour" | "day"): string => (interval === "hour" ? "Hours are told by your clock." : "Days are those of UTC.");
