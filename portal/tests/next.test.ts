import { describe, expect, it } from "vitest";
import { pathOfHere, placeOf } from "~/session/next";

describe("pathOfHere", () => {
  it.each(["/", "/apis/new", "/subscriptions/sub_1?by=hour&show=refused", "/marketplace?q=caf%C3%A9", "/audit-log?action=a\u00e9"])("keeps %j", (path) => {
    expect(pathOfHere(path)).toBe(path);
    expect(new URL(path, "https://here.example").host).toBe("here.example");
  });

  it.each([
    undefined,
    "",
    "apis",
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\\evil.example",
    "/apis\\..\\evil",
    "/apis\u0000",
    "/apis\u007f",
    "/apis\u0085",
    "javascript:alert(1)",
  ])("refuses %j", (path) => {
    expect(pathOfHere(path)).toBeUndefined();
  });
});

describe("placeOf", () => {
  it("leaves out what stands behind the #", () => {
    const location = { pathname: "/invitation", searchStr: "?a=1", hash: "secret", href: "/invitation?a=1#secret" };
    expect(placeOf(location)).toBe("/invitation?a=1");
  });
});
