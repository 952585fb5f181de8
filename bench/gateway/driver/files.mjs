// The bench's folder, free ports, and configurations filled in.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const repository = resolve(import.meta.dirname, "../../..");
export const bench = resolve(import.meta.dirname, "..");

export function workFolder() {
  const parent = process.env.BENCH_WORK ?? tmpdir();
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "tollgate-bench-"));
  // The user who runs PostgreSQL must pass.
  chmodSync(folder, 0o755);
  if (!process.env.BENCH_KEEP) process.on("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

export const freePort = () => new Promise((done) => {
  const server = createServer().listen(0, "127.0.0.1", () => { const { port } = server.address(); server.close(() => done(port)); });
});

export function fill(template, target, values) {
  const text = readFileSync(join(bench, template), "utf8").replace(/\{\{(\w+)\}\}/g, (_, name) => {
    if (!(name in values)) throw new Error(`${template}: no value for ${name}`);
    return values[name];
  });
  writeFileSync(target, text);
  return target;
}
