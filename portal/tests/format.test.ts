import { describe, expect, it } from "vitest";
import { ago, dayAndClock, exactly, onDate, waiting, zoneOf } from "~/design/dates";
import { bytes, compact, counted, milliseconds, money, moneyParts, parseMoney, percent, unitPrice } from "~/design/format";

describe("money", () => {
  it.each([
    [2900, "usd", "$29.00"],
    [0, "usd", "$0.00"],
    [123456789, "usd", "$1,234,567.89"],
    [-3250, "eur", "−€32.50"],
    [500, "jpy", "¥500"],
  ])("%i minor units of %s are %s", (amount, currency, text) => expect(money(amount, currency)).toBe(text));

  it("splits off the minor units", () => expect(moneyParts(1999, "usd")).toEqual({ sign: "", symbol: "$", major: "19", minor: ".99" }));

  it.each([
    ["0.5", "$0.50"],
    ["0.004", "$0.004"],
    ["0.000000000001", "$0.000000000001"],
    ["1200", "$1,200.00"],
    ["2.500", "$2.50"],
  ])("unit price %s is shown unrounded", (decimal, text) => expect(unitPrice(decimal, "usd")).toBe(text));

  it.each([
    ["29", "usd", 2900],
    ["29.5", "usd", 2950],
    ["0,99", "eur", 99],
    ["500", "jpy", 500],
    ["5.5", "jpy", null],
    ["29.999", "usd", null],
    ["ten", "usd", null],
    ["-1", "usd", null],
    ["", "usd", null],
  ])("reads %s %s", (typed, currency, amount) => expect(parseMoney(typed, currency)).toBe(amount));
});

describe("numbers", () => {
  it("counts things", () => expect([counted(1, "API"), counted(1204, "API"), counted(0, "API")]).toEqual(["1 API", "1,204 APIs", "0 APIs"]));
  it("shortens for axes", () => expect([compact(9999), compact(12_400), compact(3_000_000)]).toEqual(["9,999", "12.4k", "3M"]));
  it("scales bytes", () => expect([bytes(0), bytes(999), bytes(8210), bytes(61_000_000)]).toEqual(["0 B", "999 B", "8.2 kB", "61 MB"]));
  it("has units on durations", () => expect([milliseconds(0.2), milliseconds(84), milliseconds(12_345), milliseconds(null)]).toEqual(["0.2 ms", "84 ms", "12.3 s", "–"]));
  it("never rounds a failure away", () => expect([percent(1), percent(0.999999), percent(0.5), percent(0), percent(null)]).toEqual(["100 %", "99.99 %", "50.0 %", "0 %", "–"]));
});

describe("dates", () => {
  const now = Date.UTC(2026, 10, 21, 12, 0, 0);
  const at = (distance: number) => ago(new Date(now + distance).toISOString(), now);
  it.each([
    [-5_000, "just now"],
    [-5 * 60_000, "5 minutes ago"],
    [-26 * 3_600_000, "yesterday"],
    [12 * 86_400_000, "in 12 days"],
    [-60 * 86_400_000, "22 Sept 2026"],
  ])("%i ms from now is %s", (distance, text) => expect(at(distance)).toBe(text));

  // 23:30 UTC: another day east of there, whoever reads it.
  const boundary = "2026-11-21T23:30:00Z";
  it("says the day and the clock of the zone that counts", () => {
    expect(onDate(boundary, "Asia/Tokyo")).toBe("22 Nov 2026");
    expect(onDate(boundary, "America/New_York")).toBe("21 Nov 2026");
    expect(dayAndClock(boundary, "Asia/Kolkata")).toBe("22 Nov 2026, 05:00");
    expect(exactly(boundary, "Asia/Tokyo")).toContain("22 Nov 2026, 08:30:00");
    expect(ago(boundary, Date.UTC(2026, 8, 1), "Asia/Tokyo")).toBe("22 Nov 2026");
  });

  it("takes a zone that it does not know for UTC", () => {
    expect(zoneOf("Mars/Olympus")).toBe("UTC");
    expect(onDate(boundary, "Mars/Olympus")).toBe("21 Nov 2026");
    expect(zoneOf("Europe/Berlin")).toBe("Europe/Berlin");
  });

  it.each([
    [1, "1 second"],
    [59.2, "60 seconds"],
    [90, "2 minutes"],
    [3540, "59 minutes"],
    [3600, "60 minutes"],
    [5401, "2 hours"],
    [86_400, "24 hours"],
  ])("waiting for %i s is %s", (seconds, words) => expect(waiting(seconds)).toBe(words));
});
