import { describe, expect, it } from "vitest";
import { ApiError, fieldName, isUnanswered, toApiError, toError } from "~/api/problem";
import { failureOf } from "~/api/query";

const failed = (status: number) => new ApiError(status, "X", "", null);
const refused = (seconds: string) => toApiError(answer(429, { "retry-after": seconds }), { code: "RATE_LIMITED", detail: `Too many requests from your address. Try again in ${seconds} s.` }).message;
const answer = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers });

describe("toApiError", () => {
  it("reads a problem with its field errors", () => {
    const error = toApiError(answer(422), {
      type: "about:blank",
      title: "Some fields are not right",
      status: 422,
      detail: "2 fields are not right.",
      code: "VALIDATION_FAILED",
      request_id: "req_1",
      errors: [
        { path: "price.amount", code: "OUT_OF_RANGE", message: "A whole number." },
        { path: "allowances[0].window", code: "CHARGE_WINDOW", message: "By month only." },
      ],
    });
    expect(error).toMatchObject({ status: 422, code: "VALIDATION_FAILED", message: "2 fields are not right.", requestId: "req_1" });
    expect(error.fields).toEqual([
      { path: "price.amount", message: "A whole number." },
      { path: "allowances.0.window", message: "By month only." },
    ]);
  });

  it("keeps the request id of a body that is no problem", () => {
    expect(toApiError(answer(502, { "x-request-id": "req_2" }), "<html>")).toMatchObject({ code: "HTTP_502", requestId: "req_2", fields: [] });
  });

  it("reads Retry-After", () => expect(toApiError(answer(429, { "retry-after": "41" }), { code: "RATE_LIMITED" }).retryAfterSeconds).toBe(41));
  it("says in words how long to wait, and until when", () => {
    expect(refused("10")).toBe("Too many requests from your address. Try again in 10 seconds.");
    expect(refused("2400")).toMatch(/^Too many requests from your address\. Try again in 40 minutes, at \d\d:\d\d\.$/);
  });

  it("survives a body of the wrong shape", () => expect(toApiError(answer(500), { code: 7, errors: "many" })).toMatchObject({ code: "HTTP_500", fields: [] }));
});

describe("toError", () => {
  it("keeps an ApiError", () => {
    const error = new ApiError(404, "NOT_FOUND", "There is none.", null);
    expect(toError(error)).toBe(error);
  });

  it("says that nothing answered", () => expect(toError(new TypeError("Failed to fetch"))).toMatchObject({ status: 0, code: "UNREACHABLE" }));
});

it.each([
  ["$.price.amount", "price.amount"],
  ["/price/amount", "price.amount"],
  ["allowances[2].unit_price", "allowances.2.unit_price"],
  ["name", "name"],
])("fieldName of %s", (path, name) => expect(fieldName(path)).toBe(name));

describe("isUnanswered", () => {
  it("is so of nothing, and of a proxy before nothing", () => expect([toError(new TypeError("Failed to fetch")), toApiError(answer(502), "<html>")].map(isUnanswered)).toEqual([true, true]));
  it("is not so of a program that is busy", () => expect(isUnanswered(toApiError(answer(503), { code: "PASSWORDS_BUSY" }))).toBe(false));
});

describe("failureOf", () => {
  it("is nothing while there is no error", () => expect(failureOf({ error: null, data: undefined })).toBeNull());
  it.each([0, 404, 429, 503])("is %i where nothing was read before", (status) => expect(failureOf({ error: failed(status), data: undefined })).toMatchObject({ status }));
  it.each([0, 429, 503])("is not %i where something was", (status) => expect(failureOf({ error: failed(status), data: [] })).toBeNull());
  it.each([401, 403, 404])("is %i also then: it may not be seen any more", (status) => expect(failureOf({ error: failed(status), data: [] })).toMatchObject({ status }));
});
