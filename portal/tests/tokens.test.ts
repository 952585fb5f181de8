import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const source = join(import.meta.dirname, "../src");
const tokens = readFileSync(join(source, "design/tokens.css"), "utf8");
type Theme = "light" | "dark";

function color(name: string, theme: Theme): string {
  const match = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(tokens);
  if (!match?.[1] || !match[2]) throw new Error(`No token --${name}`);
  return theme === "light" ? match[1] : match[2];
}

function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].toSorted((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const grounds = ["paper", "surface", "sunken"];
const texts = ["ink", "quiet", "bad", "good"];
const shapes = ["edge", "signal", "status-2xx", "status-3xx", "status-4xx", "status-5xx", "series-1", "series-2", "series-3", "series-4", "series-5", "series-6"];

describe.each<Theme>(["light", "dark"])("tokens in the %s theme", (theme) => {
  it.each(texts.flatMap((text) => grounds.map((ground) => [text, ground] as const)))("text %s on %s is readable", (text, ground) => {
    expect(contrast(color(text, theme), color(ground, theme))).toBeGreaterThanOrEqual(4.5);
  });

  it.each([
    ["on-signal", "signal"],
    ["on-signal", "signal-deep"],
    ["ink", "signal-wash"],
    ["quiet", "signal-wash"],
    ["paper", "ink"],
  ])("text %s on %s is readable", (text, ground) => {
    expect(contrast(color(text, theme), color(ground, theme))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(shapes.flatMap((shape) => ["paper", "surface"].map((ground) => [shape, ground] as const)))("shape %s on %s can be seen", (shape, ground) => {
    expect(contrast(color(shape, theme), color(ground, theme))).toBeGreaterThanOrEqual(3);
  });
});

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)]));
}

/** A colour in any notation, a length in rem or in more than two pixels, or one of Tailwind's arbitrary values. */
const named = [/#[0-9a-f]{3,8}\b(?!\/)/i, /\b(?:rgba?|hsla?|oklch|color-mix)\(/i, /\b\d*\.?\d+rem\b/, /\b(?:[3-9]|\d{2,})px\b/, /\b[a-z]+-\[[^\]]+\]/];

describe("the rule of tokens", () => {
  const files = filesUnder(source).filter((file) => /\.(css|tsx?)$/.test(file) && !file.endsWith("tokens.css"));

  it.each(files.map((file) => file.slice(source.length + 1)))("%s names no colour and no size", (file) => {
    const text = readFileSync(join(source, file), "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
    const css = file.endsWith(".css");
    for (const pattern of css ? named : [named[0], named[1], named[4]]) {
      const found = text.split("\n").filter((line) => pattern?.test(line) && !line.includes("href="));
      expect(found).toEqual([]);
    }
  });
});
