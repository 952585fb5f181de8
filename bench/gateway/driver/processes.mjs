// Processes that the driver starts, and what they and their children have used of the processor.
import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { ahead, grouped } from "./group.mjs";

const tick = 1e9 / 100; // USER_HZ is 100 on every Linux.
const read = (path) => { try { return readFileSync(path, "utf8"); } catch { return ""; } };

const started = new Set();
process.on("exit", () => started.forEach((child) => child.kill()));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

/** Pinned to one processor, in a control group of its own or with the load, its output in a file. */
export function start(command, args, { core, log, env = {}, cwd, withLoad = false } = {}) {
  mkdirSync(dirname(log), { recursive: true });
  const out = openSync(log, "a");
  const [first, ...others] = (withLoad ? ahead : grouped)(["taskset", "-c", String(core), command, ...args]);
  const child = spawn(first, others, { stdio: ["ignore", out, out], env: { ...process.env, ...env }, cwd });
  child.log = log;
  started.add(child);
  child.ended = new Promise((resolve) => child.once("exit", resolve)).then(() => started.delete(child));
  return child;
}

export async function stop(child, signal = "SIGTERM") {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const late = setTimeout(() => child.kill("SIGKILL"), 40_000);
  await child.ended;
  clearTimeout(late);
}

/** Fields of /proc/PID/stat from the parent on: ppid is [1]. */
function stat(pid) {
  const text = read(`/proc/${pid}/stat`);
  const end = text.lastIndexOf(")");
  return end < 0 ? null : { name: text.slice(text.indexOf("(") + 1, end), fields: text.slice(end + 2).split(" ") };
}

export function tree(root) {
  const children = new Map();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = stat(entry)?.fields[1];
    if (parent) children.set(parent, [...(children.get(parent) ?? []), entry]);
  }
  const found = [String(root)];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/** Nanoseconds of each thread that lives, and the whole of the process with the threads that ended (to 10 ms). */
function processTimes(pid) {
  const threads = new Map();
  let ids = [];
  try { ids = readdirSync(`/proc/${pid}/task`); } catch { /* it ended */ }
  for (const id of ids) {
    const [ns, waited] = read(`/proc/${pid}/task/${id}/schedstat`).split(" ").map(Number);
    threads.set(id, { name: read(`/proc/${pid}/task/${id}/comm`).trim(), ns, waited });
  }
  const fields = stat(pid)?.fields;
  return { threads, total: fields ? (Number(fields[11]) + Number(fields[12])) * tick : 0, reaped: fields ? (Number(fields[13]) + Number(fields[14])) * tick : 0 };
}

/** What a peer has used until now. PostgreSQL's processes are kept apart. */
export function cpu(root) {
  const processes = new Map();
  for (const pid of tree(root)) {
    const name = stat(pid)?.name ?? "";
    processes.set(pid, { postgres: name.startsWith("postgres"), ...processTimes(pid) });
  }
  return { at: process.hrtime.bigint(), processes };
}

/** Nanoseconds between two readings: { own, postgres, waited, threads: { name: ns } }. `waited`: ready to run, but something else ran. */
export function used(from, to) {
  const result = { own: 0, postgres: 0, waited: 0, threads: {} };
  for (const [pid, after] of to.processes) {
    const before = from.processes.get(pid) ?? { threads: new Map(), total: 0, reaped: 0 };
    const ended = [...before.threads.keys()].some((id) => !after.threads.has(id));
    let ns = 0;
    for (const [id, thread] of after.threads) {
      const spent = thread.ns - (before.threads.get(id)?.ns ?? 0);
      ns += spent;
      if (!after.postgres) result.waited += thread.waited - (before.threads.get(id)?.waited ?? 0);
      if (!after.postgres) result.threads[thread.name] = (result.threads[thread.name] ?? 0) + spent;
    }
    if (ended) ns = Math.max(ns, after.total - before.total);
    if (after.postgres) result.postgres += ns + (after.reaped - before.reaped);
    else result.own += ns;
  }
  return result;
}

export const postgresOf = (root) => tree(root).filter((pid) => stat(pid)?.name.startsWith("postgres")).map(Number);
export const residentKb = (pid, field = "VmRSS") => Number(/(\d+)/.exec(read(`/proc/${pid}/status`).split("\n").find((line) => line.startsWith(field)) ?? "0")?.[1] ?? 0);
export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits until `condition` answers something true. */
export async function until(what, condition, seconds = 60, child = null) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (child && child.exitCode !== null) throw new Error(`${what}: the process ended with ${child.exitCode}, see ${child.log}`);
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(25);
  }
}
