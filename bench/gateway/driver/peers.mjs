// Everything that is measured: how it is started, and which address it is called at.
import { userInfo } from "node:os";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bench, fill, freePort, repository } from "./files.mjs";
import { start, stop, until } from "./processes.mjs";
import { Tollgate } from "./tollgate.mjs";

const gatewayCore = 0;
export const loadCore = 1;
const inline = { DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS: "1" };

const nginx = (template) => async (bed, name, port) => {
  const config = fill(template, join(bed.work, `${name}.conf`), { ...bed.values, NAME: name, PORT: port });
  return start("nginx", ["-c", config, "-e", join(bed.work, `${name}.log`)], { core: gatewayCore, log: join(bed.work, `${name}.out`) });
};

const dotnet = (kind, inlined) => async (bed, name, port) =>
  start("dotnet", [join(repository, "artifacts/bin/yarp/release/Tollgate.yarp.dll"), port, `http://127.0.0.1:${bed.values.UPSTREAM}`, kind, ...(inlined ? ["inline"] : [])],
    { core: gatewayCore, log: join(bed.work, `${name}.out`), env: inlined ? inline : {} });

const haproxy = async (bed, name, port) => {
  const config = fill("peers/haproxy/haproxy.cfg", join(bed.work, `${name}.cfg`), { ...bed.values, PORT: port });
  return start("haproxy", ["-f", config, "-W", "-q"], { core: gatewayCore, log: join(bed.work, `${name}.out`) });
};

const fastify = async (bed, name, port) =>
  start("node", [join(bench, "peers/fastify/server.js"), port, `http://127.0.0.1:${bed.values.UPSTREAM}`, join(bed.work, "keys.txt"), join(bed.work, `${name}-usage.log`)],
    { core: gatewayCore, log: join(bed.work, `${name}.out`) });

/** checks: refuses a call without a key. warm: seconds of load before the first round, again until nothing more is compiled. */
export const catalogue = {
  "nginx-plain": { launch: nginx("peers/nginx/plain.conf"), warm: 1, about: "nginx, proxy only" },
  "nginx-key": { launch: nginx("peers/nginx/key.conf"), checks: true, warm: 1, about: "nginx, key map, 2 x limit_req, buffered log" },
  haproxy: { launch: haproxy, checks: true, warm: 1, about: "HAProxy, key map, 2 stick tables, no log" },
  "nginx-lua": { launch: nginx("peers/nginx/lua.conf"), checks: true, warm: 1, about: "nginx with Lua, shared dictionaries, queued log" },
  yarp: { launch: dotnet("yarp", false), warm: 4, about: "YARP, no policy" },
  "yarp-inline": { launch: dotnet("yarp", true), warm: 4, about: "YARP, no policy, inline completions" },
  "forwarder-inline": { launch: dotnet("forwarder", true), warm: 4, about: "YARP's forwarder, no policy, inline completions" },
  "invoker-inline": { launch: dotnet("invoker", true), warm: 4, about: "HttpMessageInvoker, no policy, inline completions" },
  fastify: { launch: fastify, checks: true, warm: 4, about: "Fastify, http-proxy, 2 x rate-limit, buffered log" },
  tollgate: { checks: true, warm: 4, about: "Tollgate, journal and shipping" },
};

export async function startUpstream(work) {
  const port = await freePort();
  mkdirSync(join(work, "files"), { recursive: true });
  const values = { WORK: work, UPSTREAM: port, BODY: "x".repeat(200), PEERS: join(bench, "peers"), USER: userInfo().username };
  const child = start("nginx", ["-c", fill("upstream/nginx.conf", join(work, "upstream.conf"), values), "-e", join(work, "upstream.log")], { core: loadCore, withLoad: true, log: join(work, "upstream.out") });
  await until("the upstream answers", () => answers(`http://127.0.0.1:${port}/`), 20, child);
  return { child, values };
}

/** The keys in the form that each peer reads. */
export function writeKeys(work, keys) {
  writeFileSync(join(work, "keys.txt"), keys.map((key) => `${key}\n`).join(""));
  writeFileSync(join(work, "keys-nginx.map"), keys.map((key, i) => `"${key}" sub_${i + 1};\n`).join(""));
  writeFileSync(join(work, "keys-haproxy.map"), keys.map((key, i) => `${key} sub_${i + 1}\n`).join(""));
}

export async function startPeer(bed, name) {
  const peer = { name, ...catalogue[name] };
  const port = String(await freePort());
  peer.child = await peer.launch(bed, name, port);
  peer.url = `http://127.0.0.1:${port}`;
  await until(`${name} answers`, () => answers(`${peer.url}/`, bed.keys[0]), 60, peer.child);
  await check(peer, bed);
  return peer;
}

export function tollgatePeer(tollgate, bed, name = "tollgate") {
  const peer = { name, ...catalogue.tollgate, child: tollgate.child, url: tollgate.gateway, tollgate };
  return check(peer, bed).then(() => peer);
}

// A peer that answers everything, or nothing, would be fast.
async function check(peer, bed) {
  const url = `${peer.url}${bed.path}/items`;
  for (const key of [bed.keys[0], bed.keys.at(-1)]) {
    const answer = await fetch(url, { headers: { "x-api-key": key } });
    const body = await answer.text();
    if (answer.status !== 200 || body.length !== 200) throw new Error(`${peer.name} answered ${answer.status} with ${body.length} bytes to a good key`);
  }
  if (!peer.checks) return;
  const refused = await fetch(url);
  await refused.text();
  if (refused.status !== 401) throw new Error(`${peer.name} answered ${refused.status} to a call without a key`);
}

async function answers(url, key) {
  try { await (await fetch(url, { headers: key ? { "x-api-key": key } : {} })).text(); return true; } catch { return false; }
}

export { stop, Tollgate, gatewayCore };
