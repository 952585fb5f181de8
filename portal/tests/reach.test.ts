import { QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { queryClient } from "~/api/query";
import { isAway } from "~/api/reach";

vi.hoisted(() => {
  vi.stubGlobal("location", { origin: "https://portal.example" });
  vi.stubGlobal("document", { cookie: "" });
});
const { take, tollgate } = await import("~/api/client");

const health = "/_api/healthz";
const failing = new Set<string>();
const requests: string[] = [];
const count = (path: string) => requests.filter((each) => each === path).length;
const minutes = (many: number) => vi.advanceTimersByTimeAsync(many * 60_000);

/** A page that shows the answers of two addresses. */
function shown(): () => void {
  const queries = [
    { queryKey: ["security"], queryFn: () => take(tollgate.GET("/auth/security")) },
    { queryKey: ["providers"], queryFn: () => take(tollgate.GET("/auth/providers")) },
  ];
  const ends = queries.map((query) => new QueryObserver(queryClient, queryClient.defaultQueryOptions<unknown>(query)).subscribe(() => undefined));
  return () => ends.forEach((end) => end());
}

let leave: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  requests.length = 0;
  failing.clear();
  vi.stubGlobal("fetch", async (request: Request | string) => {
    const path = typeof request === "string" ? request : new URL(request.url).pathname;
    requests.push(path);
    return failing.has(path) ? new Response("<html>Bad Gateway</html>", { status: 502 }) : Response.json({});
  });
});

afterEach(() => {
  leave();
  queryClient.clear();
  vi.useRealTimers();
});

describe("who does not answer", () => {
  it("is not away because one address fails; that one is tried thrice and then left alone", async () => {
    failing.add("/auth/security");
    leave = shown();
    await minutes(10);
    expect(isAway()).toBe(false);
    expect(count("/auth/security")).toBe(3);
    expect(count("/auth/providers")).toBe(1);
    expect(count(health)).toBeGreaterThan(0);
    expect(count(health)).toBeLessThanOrEqual(3);
  });

  it("is away when it does not say either that it is there; on return only what failed is read anew, once", async () => {
    failing.add("/auth/security").add(health);
    leave = shown();
    await minutes(1);
    expect(isAway()).toBe(true);
    expect(queryClient.getQueryState(["security"])?.status).toBe("error");
    requests.length = 0;
    failing.clear();
    await take(tollgate.GET("/auth/security"));
    await minutes(10);
    expect(isAway()).toBe(false);
    expect(queryClient.getQueryState(["security"])?.status).toBe("success");
    expect(requests).toEqual(["/auth/security", "/auth/security"]);
  });

  it("is there again when only one address goes on failing, and nothing begins anew", async () => {
    failing.add("/auth/security").add(health);
    leave = shown();
    await minutes(1);
    requests.length = 0;
    failing.delete(health);
    await take(tollgate.GET("/auth/providers"));
    await minutes(10);
    expect(isAway()).toBe(false);
    expect(count("/auth/security")).toBe(3);
    expect(count("/auth/providers")).toBe(1);
    expect(count(health)).toBeLessThanOrEqual(3);
  });
});
