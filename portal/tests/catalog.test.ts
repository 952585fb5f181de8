import { describe, expect, it } from "vitest";
import { guess, slugOf } from "~/apis/guess";
import { windowsOf } from "~/apis/planForm";
import { curl, easiest, envName } from "~/catalog/calls";
import { compare, meterName, type PlanTerms } from "~/catalog/plans";
import { reportCommand } from "~/meters/report";
import { csv } from "~/usage/csv";
import { callWords, meterWords, story } from "~/usage/story";
import { ticks } from "~/usage/scale";

const plan = (id: string, month: number, minute?: number): PlanTerms => ({
  id,
  price: { amount: 0, currency: "usd", interval: "month" },
  allowances: [
    { meter: "requests", amount: month, window: "month", past: "deny", unit_price: null },
    ...(minute ? [{ meter: "requests", amount: minute, window: "minute", past: "deny", unit_price: null }] : []),
  ],
});

describe("compare", () => {
  it("puts windows in order and marks what differs", () => {
    const terms = compare([plan("a", 1000, 10), plan("b", 5000, 10)]);
    expect(terms.map((each) => [each.name, each.differs])).toEqual([
      ["Calls a minute", false],
      ["Calls a month", true],
    ]);
  });

  it("takes a billing period for the month or year that it is", () => {
    const charged: PlanTerms = { ...plan("b", 1), allowances: [{ meter: "requests", amount: 9, window: "billing_period", past: "charge", unit_price: "0.5" }] };
    expect(compare([plan("a", 1000), charged])).toEqual([{ name: "Calls a month", texts: ["1,000, then refused", "9, then $0.50 each"], differs: true }]);
  });

  it("says where a plan has no limit", () => expect(compare([plan("a", 1000, 10), plan("b", 1000)])[0]?.texts).toEqual(["10, then refused", "no limit"]));
});

describe("a call to copy", () => {
  const endpoints = [
    { method: "POST", path: "/a" },
    { method: "GET", path: "/lines/{id}" },
    { method: "GET", path: "/lines" },
  ];
  it("prefers a GET without parameters", () => expect(easiest(endpoints)?.path).toBe("/lines"));
  it("fills in what the document requires", () => {
    const document = {
      paths: { "/sun": { get: { parameters: [{ name: "latitude", in: "query", required: true, schema: { type: "number", minimum: -90, maximum: 90 } }, { $ref: "#/components/parameters/Date" }] } }, "/moon/{id}": { get: { parameters: [{ name: "id", in: "path", required: true, example: 7 }] } } },
      components: { parameters: { Date: { name: "date", in: "query", schema: { type: "string", format: "date" } } } },
    };
    const sky = [
      { method: "GET", path: "/sun" },
      { method: "GET", path: "/moon/{id}" },
    ];
    expect(easiest(sky, document)?.path).toBe("/moon/{id}");
    expect(curl("http://g", sky[0], "k", document)).toContain('"http://g/sun?latitude=1"');
    expect(curl("http://g", sky[1], "k", document)).toContain('"http://g/moon/7"');
  });
  it("is one command", () => expect(curl("http://localhost:8000/o/a/", endpoints[0], "k")).toBe('curl -X POST "http://localhost:8000/o/a/a" \\\n  -H "Authorization: Bearer k"'));
  it("names the variable", () => expect(envName("exchange-rates")).toBe("EXCHANGE_RATES_KEY"));
});

describe("guess", () => {
  it("reads JSON", () =>
    expect(guess(JSON.stringify({ openapi: "3.1.0", info: { title: "Tides" }, servers: [{ url: "https://t.example/" }], paths: { "/a": { get: {}, parameters: [] } } }))).toEqual({
      name: "Tides",
      upstream: "https://t.example",
      operations: 1,
    }));
  it("reads Swagger 2", () => expect(guess('{"swagger":"2.0","host":"t.example","basePath":"/v1","schemes":["https"]}').upstream).toBe("https://t.example/v1"));
  it("reads YAML", () => expect(guess('openapi: 3.0.0\ninfo:\n  title: "Tides"\nservers:\n  - url: https://t.example\n')).toEqual({ name: "Tides", upstream: "https://t.example", operations: null }));
  it("ignores templated servers", () => expect(guess('{"servers":[{"url":"https://{region}.t.example"}]}').upstream).toBeUndefined());
  it("makes a short name", () => expect(slugOf("Wetter & Gezeiten für Zürich!")).toBe("wetter-gezeiten-fur-zurich"));
});

describe("the chart's title", () => {
  const day = 86_400_000;
  const points = (...values: number[]) => values.map((value, index) => ({ at: index * day, value }));
  it("says that there is nothing", () => expect(story(points(0, 0, 0), "day")).toBe("No calls in the last 30 days"));
  it("sees a doubling", () => expect(story(points(50, 100, 205, 3), "day")).toBe("Calls doubled on Sat 3 Jan"));
  it("names what is measured", () => {
    expect(story(points(0, 0), "hour", meterWords("pages"))).toBe("No pages reported in the last 48 hours");
    expect(story(points(0, 12), "day", meterWords("pages"))).toBe("12 pages in the last 30 days");
    expect(story(points(50, 100, 20, 3), "day", meterWords("pages"))).toBe("Pages halved on Sat 3 Jan");
    expect(story(points(0, 0), "day", callWords(false))).toBe("No call was served in the last 30 days");
  });
  it("does not judge the running day", () => expect(story(points(100, 100, 100, 1), "day")).toMatch(/^Calls were highest on/));
});

describe("declared meters", () => {
  it("go by their own name", () => expect(["x.acme.pages", "x.acme.render.seconds", "requests"].map(meterName)).toEqual(["pages", "render.seconds", "Calls"]));
  it("have no window that ends before a report comes", () => {
    expect(windowsOf("x.acme.pages")).toEqual(["hour", "day", "week", "month", "billing_period"]);
    expect(windowsOf("requests")).toContain("second");
  });
  it("are reported by a line for the shell", () => {
    const line = reportCommand("http://localhost:8080", "x.acme.pages");
    expect(line.split("\n").slice(0, -1).every((each) => each.endsWith(" \\"))).toBe(true);
    expect(line).toContain('-H "ce-type: x.acme.pages" \\\n  -H "ce-subject: $SUBSCRIPTION"');
  });
});

it("ticks start at zero and pass the highest value", () => expect(ticks(1787)).toEqual([0, 1000, 2000]));
it("csv quotes, and disarms formulas", () => expect(csv(["a", "b"], [["x,y", '=1+"2"'], [null, -3]])).toBe('a,b\r\n"x,y","\'=1+""2"""\r\n,-3'));
