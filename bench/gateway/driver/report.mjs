// Medians, the table, and the file of raw numbers.
import { cpus, release } from "node:os";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bench } from "./files.mjs";

export function median(values) {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length === 0 ? undefined : sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export const number = (value, digits = 1) => (value === undefined || Number.isNaN(value) ? "" : value.toFixed(digits));

export function table(columns, rows) {
  const cells = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, of]) => String(of(row))))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i].length)));
  for (const line of cells) console.log(line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "));
}

export function save(name, result) {
  const folder = join(process.env.BENCH_RESULTS ?? join(bench, "results"));
  mkdirSync(folder, { recursive: true });
  const machine = { processors: cpus().length, model: cpus()[0].model, kernel: release().split("-")[0] };
  const rounded = (_, value) => (typeof value === "number" && !Number.isInteger(value) ? Number(value.toFixed(3)) : value);
  const file = join(folder, `${name}.json`);
  writeFileSync(file, `${JSON.stringify({ date: new Date().toISOString(), machine, ...result }, rounded, 1)}\n`);
  return file;
}
