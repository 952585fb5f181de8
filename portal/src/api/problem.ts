import type { Problem } from "@tollgate/sdk";
import { atClock, waiting } from "~/design/dates";

export interface FieldError {
  path: string;
  message: string;
}

/** What an answer that is not a success says, in one shape; `code` is stable, the texts are for people. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null,
    readonly fields: readonly FieldError[] = [],
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

function fieldErrors(errors: unknown): FieldError[] {
  if (!Array.isArray(errors)) return [];
  return errors.filter(isRecord).map((each) => ({ path: fieldName(text(each.path) ?? ""), message: text(each.message) ?? "Not accepted." }));
}

/** `$.price.amount`, `/price/amount` and `price.amount` name the same field. */
export function fieldName(path: string): string {
  return path
    .replace(/^[$#]/, "")
    .replace(/\[(\w+)\]/g, ".$1")
    .split(/[./]/)
    .filter((part) => part !== "")
    .join(".");
}

/** Where the API's words are for programs. */
const explained: Record<string, string> = {
  EMAIL_NOT_VERIFIED: "Your address is not confirmed yet. The mail that came to it has a code; account security takes it, or sends another.",
  SECOND_FACTOR_REQUIRED: "A second factor is asked for here, and this session has shown none.",
};

/** Reads a problem+json body, or makes the best of whatever a proxy in between answered. */
export function toApiError(response: Response, body: unknown): ApiError {
  const problem: Partial<Problem> | Record<string, unknown> = isRecord(body) ? body : {};
  const requestId = text(problem.request_id) ?? response.headers.get("x-request-id");
  const header = Number(response.headers.get("retry-after"));
  const retryAfter = Number.isFinite(header) && header > 0 ? header : null;
  const message = explained[text(problem.code) ?? ""] ?? text(problem.detail) ?? text(problem.title) ?? `The server answered ${response.status}.`;
  return new ApiError(
    response.status,
    text(problem.code) ?? `HTTP_${response.status}`,
    retryAfter === null ? message : inWords(message, retryAfter),
    requestId,
    fieldErrors(problem.errors),
    retryAfter,
  );
}

/** "Try again in 2400 s." is for programs: people read how long that is and, since the message stays, when it is over. */
function inWords(message: string, seconds: number): string {
  const until = seconds < 90 ? "" : `, at ${atClock(Date.now() + seconds * 1000)}`;
  return message.replace(`in ${seconds} s`, `in ${waiting(seconds)}${until}`);
}

export const unreachable = (): ApiError => new ApiError(0, "UNREACHABLE", "Tollgate did not answer. Check the connection and try again.", null);

export const toError = (cause: unknown): ApiError => (cause instanceof ApiError ? cause : unreachable());

/** Nobody who knows anything answered: nothing at all, or a proxy before a program that is away. */
export const isUnanswered = ({ code }: ApiError): boolean => ["UNREACHABLE", "HTTP_502", "HTTP_503", "HTTP_504"].includes(code);
