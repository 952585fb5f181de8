import { describe, expect, it } from "vitest";
import { guess } from "~/apis/guess";

describe("what a document seems to say", () => {
  it.each([
    ["openapi: 3.1.0\ninfo:\n  title: Weather\nservers:\n  - url: https://weather.example.com/\npaths: {}\n", "Weather", "https://weather.example.com"],
    ['openapi: 3.1.0\ninfo: { title: "Rain, hail", version: 1.0.0 }\nservers: [{ url: https://rain.example.com }]\npaths: {}\n', "Rain, hail", "https://rain.example.com"],
    ['{"openapi":"3.1.0","info":{"title":"Wind"},"servers":[{"url":"https://wind.example.com/v1"}],"paths":{}}', "Wind", "https://wind.example.com/v1"],
    ["openapi: 3.1.0\npaths: {}\n", undefined, undefined],
  ])("%s", (document, name, upstream) => {
    expect(guess(document)).toMatchObject({ name, upstream });
  });
});
