import { expect, it } from "vitest";
import { standingOf } from "~/subscriptions/status";

it.each([
  ["active", true, false, "active"],
  ["paused", true, false, "paused"],
  ["active", false, false, "not_served"],
  ["active", true, true, "suspended"],
  ["active", false, true, "suspended"],
  ["canceled", false, true, "canceled"],
] as const)("%s, served: %s, its organization suspended: %s, stands as %s", (status, served, suspended, standing) =>
  expect(standingOf({ status, suspended, product: { kind: "api", id: "api_1", name: "Weather", slug: "meteo/weather", suspended: !served } })).toBe(standing));
