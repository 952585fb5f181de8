import { describe, expect, it } from "vitest";
import { ApiError, fieldName, toApiError, toError } from "~/api/problem";

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
