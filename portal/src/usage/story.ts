import { capital, count } from "~/design/format";
import { dayName, hourName } from "./labels";
import { spanOf, type Interval } from "./data";

export interface Point {
  at: number;
  value: number;
}

/** What is counted, and how nothing of it is said. */
export interface Words {
  noun: string;
  one: string;
  none: string;
}

export const callWords = (idle = true): Words => ({ noun: "calls", one: "call", none: idle ? "No calls" : "No call was served" });
export const meterWords = (noun: string): Words => ({ noun, one: noun, none: `No ${noun} reported` });

const spanText = (interval: Interval): string => `${spanOf(interval)} ${interval}s`;

/** What is to be seen, as a sentence: the last complete interval when it stands out, else the highest. The running one is never judged. */
export function story(points: readonly Point[], interval: Interval, words: Words = callWords()): string {
  const name = capital(words.noun);
  const total = points.reduce((sum, each) => sum + each.value, 0);
  if (total === 0) return `${words.none} in the last ${spanText(interval)}`;
  const change = interval === "day" ? changeOf(points.slice(0, -1)) : null;
  if (change) return `${name} ${change}`;
  const when = interval === "hour" ? hourName : dayName;
  const highest = points.toSorted((a, b) => b.value - a.value)[0];
  if (highest && points.filter((each) => each.value > 0).length > 2) return `${name} were highest ${when(highest.at)}: ${count(highest.value)}`;
  return `${count(total)} ${total === 1 ? words.one : words.noun} in the last ${spanText(interval)}`;
}

/** Hours go up and down all day: only days are compared. */
function changeOf(complete: readonly Point[]): string | null {
  const last = complete.at(-1);
  const before = complete.at(-2);
  if (!last || !before || before.value <= 0 || Math.max(last.value, before.value) < 20) return null;
  const ratio = last.value / before.value;
  if (ratio >= 3) return `rose ${count(Math.floor(ratio))}-fold ${dayName(last.at)}`;
  if (ratio >= 1.9) return `doubled ${dayName(last.at)}`;
  if (ratio <= 0.05) return `nearly stopped ${dayName(last.at)}`;
  return ratio <= 0.55 ? `halved ${dayName(last.at)}` : null;
}
