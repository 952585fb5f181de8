import { createTollgateClient } from "@tollgate/sdk";
import { ApiError, toApiError, toError } from "./problem";
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
    throw cause instanceof ApiError ? cause : toError(cause);
  }
  if (!result.response.ok) throw toApiError(result.response, result.error);
  return { value: result.data as T, etag: result.response.headers.get("etag") };
}

/** A fresh key for one creating POST: a repeat of the same call has one effect. */
export function idempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
