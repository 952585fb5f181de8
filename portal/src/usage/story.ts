import { count, counted } from "~/design/format";
import { dayName, hourName } from "./labels";
import { spanOf, type Interval } from "./data";

export interface Point {
  at: number;
  requests: number;
}

/** What is to be seen, as a sentence: the last complete interval when it stands out, else the highest. The running one is never judged. */
export function story(points: readonly Point[], interval: Interval, idle = true): string {
  const span = interval === "hour" ? `${spanOf("hour")} hours` : `${spanOf("day")} days`;
  const total = points.reduce((sum, each) => sum + each.requests, 0);
  // Refused and failed calls are calls too: only none at all is "no calls".
  if (total === 0) return idle ? `No calls in the last ${span}` : `No call was served in the last ${span}`;
  const complete = points.slice(0, -1);
  const last = complete.at(-1);
  const before = complete.at(-2);
  // Hours go up and down all day: only days are compared.
  if (interval === "day" && last && before && Math.max(last.requests, before.requests) >= 20 && before.requests > 0) {
    const ratio = last.requests / before.requests;
    if (ratio >= 3) return `Calls rose ${count(Math.floor(ratio))}-fold ${dayName(last.at)}`;
    if (ratio >= 1.9) return `Calls doubled ${dayName(last.at)}`;
    if (ratio <= 0.05) return `Calls nearly stopped ${dayName(last.at)}`;
    if (ratio <= 0.55) return `Calls halved ${dayName(last.at)}`;
  }
  const name = interval === "hour" ? hourName : dayName;
  const highest = points.toSorted((a, b) => b.requests - a.requests)[0];
  if (highest && points.filter((each) => each.requests > 0).length > 2) return `Calls were highest ${name(highest.at)}: ${count(highest.requests)}`;
  return `${counted(total, "call")} in the last ${span}`;
}
