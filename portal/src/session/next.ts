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
