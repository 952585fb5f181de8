// One run of load against one peer, with what it cost.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { bench, repository } from "./files.mjs";
import { ahead } from "./group.mjs";
import { loadCore } from "./peers.mjs";
import { cpu, postgresOf, sleep, used } from "./processes.mjs";

/** wrk on the load's processor. */
export function wrk(peer, bed, { seconds, path = "/items", connections = 64, body = 0 }) {
  const url = `${peer.url}${bed.path}${path}`;
  const env = { ...process.env, BENCH_KEYS: join(bed.work, "keys.txt"), BENCH_PATH: new URL(url).pathname, BENCH_BODY: String(body) };
  return loadWith(["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "-s", join(bench, "wrk/keys.lua"), url], env)
    .then((text) => JSON.parse(/JSON (.*)/.exec(text)?.[1] ?? fail(`wrk said: ${text}`)));
}

/** The open loop of bench/gateway/load: so many calls a second, their times from the moment they were due. */
export function openLoop(peer, bed, { rate, seconds, warmup = 2, connections = 64 }) {
  const url = new URL(`${peer.url}${bed.path}/items`);
  const program = join(repository, "artifacts/bin/load/release/Tollgate.load.dll");
  return loadWith(["dotnet", program, url.hostname, url.port, url.pathname, join(bed.work, "keys.txt"), rate, seconds, warmup, connections].map(String))
    .then((text) => JSON.parse(/JSON (.*)/.exec(text)?.[1] ?? fail(`the load said: ${text}`)));
}

function loadWith(command, env) {
  const [first, ...others] = ahead(["taskset", "-c", String(loadCore), ...command]);
  return output(first, others, env);
}

export function output(command, args, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env });
    let text = "";
    child.stdout.on("data", (data) => { text += data; });
    child.stderr.on("data", (data) => { text += data; });
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve(text) : reject(new Error(`${command} ended with ${code}: ${text}`))));
  });
}

/** The processor time of a peer while `load` runs, in microseconds for each of its requests. */
export async function measure(peer, load, { drain = true } = {}) {
  if (peer.tollgate) peer.idle ??= await idleShare(peer);
  const before = cpu(peer.child.pid);
  const result = await load();
  const after = cpu(peer.child.pid);
  if (result.failed > 0) throw new Error(`${peer.name}: ${result.failed} of ${result.requests} requests failed`);
  const during = used(before, after);
  const each = (ns) => ns / 1000 / result.requests;
  const byThread = (threads) => Object.fromEntries(Object.entries(threads).map(([name, ns]) => [name, each(ns)]).filter(([, us]) => us > 0.05));
  const row = { peer: peer.name, requests: result.requests, rps: result.requests / result.seconds, p50: result.p50, p99: result.p99,
    cpu: each(during.own), during: each(during.own), waited: each(during.waited), threads: byThread(during.threads) };
  if (!peer.tollgate || !drain) return row;
  // Its own work for these requests goes on until they are shipped.
  const whole = used(before, await quiet(peer));
  return { ...row, cpu: each(whole.own), postgres: each(whole.postgres), threads: byThread(whole.threads) };
}

/** Load until the runtime has nothing left to compile, where there is one. */
export const warmUp = (peer, bed) => calm(peer, () => wrk(peer, bed, { seconds: peer.warm }));

/** The same with another load: while it runs, less than a hundredth of the peer's time goes into compiling. */
export async function calm(peer, load) {
  for (let turn = 0, calm = 0; turn < 12 && calm < 2; turn++) {
    const row = await measure(peer, load, { drain: false });
    calm = (row.threads[".NET Tiered Com"] ?? 0) < Math.max(0.5, row.during / 100) ? calm + 1 : 0;
    if (!peer.tollgate && row.threads[".NET Tiered Com"] === undefined) return;
  }
}

/** Tollgate without its database for a moment: what the path and the journal cost while nothing is shipped. */
export async function measureUnshipped(peer, load) {
  const processes = postgresOf(peer.child.pid);
  processes.forEach((pid) => process.kill(pid, "SIGSTOP"));
  try {
    return { ...(await measure(peer, load, { drain: false })), peer: `${peer.name}-path` };
  } finally {
    processes.forEach((pid) => process.kill(pid, "SIGCONT"));
    await quiet(peer);
  }
}

/** Until the peer and its children use hardly more of a processor than before the first load. */
async function quiet(peer) {
  const rest = Math.max(0.03, 1.5 * peer.idle);
  for (let before = cpu(peer.child.pid), waited = 0; ; waited++) {
    await sleep(400);
    const now = cpu(peer.child.pid);
    if (share(before, now) < rest) return now;
    if (waited > 300) throw new Error(`${peer.name} does not come to rest`);
    before = now;
  }
}

async function idleShare(peer) {
  const before = cpu(peer.child.pid);
  await sleep(2000);
  return share(before, cpu(peer.child.pid));
}

function share(before, now) {
  const { own, postgres } = used(before, now);
  return (own + postgres) / Number(now.at - before.at);
}

const fail = (message) => { throw new Error(message); };
