/**
 * Where a visitor was stopped, if it is a path of this site. Browsers read a backslash as a slash and drop tabs and line breaks,
 * so that `/\evil.example` would lead elsewhere.
 */
export function pathOfHere(next: string | undefined): string | undefined {
  if (next === undefined || !next.startsWith("/") || next.startsWith("//")) return undefined;
  return [...next].every((each) => each > "\u001f" && each !== "\\" && !(each >= "\u007f" && each <= "\u009f")) ? next : undefined;
}

/** The same place by its path and query. What stands behind the # may be a mail's secret, and belongs in no address that a server is asked for. */
export const placeOf = ({ pathname, searchStr }: { pathname: string; searchStr: string }): string => pathname + searchStr;

const storageKey = "tollgate.next";
const lifetime = 10 * 60_000;

/**
 * Where the link of a sign-in mail leads on to. The mail says nothing of it: it waits in the browser that asked, which alone can use the link.
 * There is one, as there is one cookie that binds the mail to this browser: of the last mail that was asked for, and as long as its link works.
 */
export function keepNext(next: string | undefined, now: number = Date.now()): void {
  const path = pathOfHere(next);
  if (path === undefined) return dropNext();
  try {
    localStorage.setItem(storageKey, JSON.stringify({ path, until: now + lifetime }));
  } catch {
    // A browser that keeps nothing: the link leads to the first page.
  }
}

/** Checked again: what stands in a browser's storage may be anything. */
export function keptNext(now: number = Date.now()): string | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(storageKey) ?? "null") as { path?: unknown; until?: unknown } | null;
    return typeof kept?.path === "string" && typeof kept.until === "number" && now < kept.until && kept.until <= now + lifetime ? pathOfHere(kept.path) : undefined;
  } catch {
    return undefined;
  }
}

export function dropNext(): void {
  try {
    localStorage.removeItem(storageKey);
  } catch {
    // Nothing was kept.
  }
}
