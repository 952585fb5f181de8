import { beforeEach, describe, expect, it, vi } from "vitest";
import { dropNext, keepNext, keptNext } from "~/session/next";

const now = Date.UTC(2026, 10, 22);
const minute = 60_000;
const store = new Map<string, string>();

beforeEach(() => {
  store.clear();
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => store.get(name) ?? null,
    setItem: (name: string, value: string) => void store.set(name, value),
    removeItem: (name: string) => void store.delete(name),
  });
});

describe("where the link of a sign-in mail leads on to", () => {
  it("is kept as long as the link works", () => {
    keepNext("/apis/new?from=menu", now);
    expect(keptNext(now)).toBe("/apis/new?from=menu");
    expect(keptNext(now + 10 * minute - 1)).toBe("/apis/new?from=menu");
    expect(keptNext(now + 10 * minute)).toBeUndefined();
  });

  it("is that of the last mail that was asked for", () => {
    keepNext("/apis/new", now);
    keepNext("/tokens", now);
    expect(keptNext(now)).toBe("/tokens");
    keepNext(undefined, now);
    expect(keptNext(now)).toBeUndefined();
    expect(store.size).toBe(0);
  });

  it("is gone once it is dropped", () => {
    keepNext("/apis/new", now);
    dropNext();
    expect(keptNext(now)).toBeUndefined();
  });

  it.each(["//evil.example", "/\\evil.example", "https://evil.example/", "/\t/evil.example", ""])("is never %j", (next) => {
    keepNext("/apis/new", now);
    keepNext(next, now);
    expect(store.size).toBe(0);
  });

  it.each([
    "",
    "null",
    "3",
    "{",
    '"/apis/new"',
    JSON.stringify({ path: "//evil.example", until: now + minute }),
    JSON.stringify({ path: "/apis/new" }),
    JSON.stringify({ path: "/apis/new", until: "later" }),
    JSON.stringify({ path: ["/apis/new"], until: now + minute }),
    JSON.stringify({ path: "/apis/new", until: now + 60 * minute }),
  ])("is not read from %s", (text) => {
    store.set("tollgate.next", text);
    expect(keptNext(now)).toBeUndefined();
  });
});
