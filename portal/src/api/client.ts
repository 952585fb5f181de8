import { createTollgateClient } from "@tollgate/sdk";
import { isUnanswered, toApiError, toError, type ApiError } from "./problem";
import { heard } from "./reach";
import { sessionFetch } from "./sessionFetch";

/** The one client of the portal. The session is in HttpOnly cookies: no script ever holds a token. */
export const tollgate = createTollgateClient({
  baseUrl: globalThis.location?.origin,
  credentials: "same-origin",
  headers: { "tollgate-session": "cookie" },
  fetch: sessionFetch,
});

interface Result<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer's body, or the problem as an exception. */
export async function take<T>(call: Promise<Result<T>>): Promise<T> {
  return (await takeWithTag(call)).value;
}

export interface Tagged<T> {
  value: T;
  etag: string | null;
}

/** The answer's body with its ETag, which the next edit sends as If-Match. */
export async function takeWithTag<T>(call: Promise<Result<T>>): Promise<Tagged<T>> {
  let result: Result<T>;
  try {
    result = await call;
  } catch (cause) {
    throw told(toError(cause));
  }
  if (!result.response.ok) throw told(toApiError(result.response, result.error));
  heard(true);
  return { value: result.data as T, etag: result.response.headers.get("etag") };
}

function told(error: ApiError): ApiError {
  heard(!isUnanswered(error));
  return error;
}

interface Page<Row> {
  data: Row[];
  has_more: boolean;
  next?: string | null;
}

/** More than this nobody looks through in one list. */
const mostPages = 20;

/** All pages of a list that is shown and counted as a whole; `complete` is false when there were too many. */
export async function takeAll<Row>(page: (after: string | undefined) => Promise<Page<Row>>): Promise<{ data: Row[]; complete: boolean }> {
  const data: Row[] = [];
  let after: string | undefined;
  for (let number = 0; number < mostPages; number++) {
    // Each page names the next: they cannot be asked for at once.
    // oxlint-disable-next-line no-await-in-loop
    const answer = await page(after);
    data.push(...answer.data);
    if (!answer.has_more || !answer.next) return { data, complete: true };
    after = answer.next;
  }
  return { data, complete: false };
}

/** A fresh key for one creating POST: a repeat of the same call has one effect. */
export function idempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
