// node zz-ab.mjs kinds rounds seconds 'name=ENV:VALUE,ENV:VALUE' ...  (name starting with @path uses program)
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Bed } from "./bed.mjs";
import { measure, wrk, openLoop } from "./measure.mjs";
import { median } from "./report.mjs";
import { tollgatePeer } from "./peers.mjs";
const [kindList, rounds, seconds, ...variants] = process.argv.slice(2);
const kinds = { large: { path: "/files/large", connections: 16 }, small: { path: "/files/small", connections: 64 }, stream: { path: "/stream", connections: 64 }, upsmall: { path: "/upload", body: 65536, connections: 64 }, uplarge: { path: "/upload", body: 10485760, connections: 16 }, items: {} };
const bed = await Bed.make({ env: { } });
const beds = [];
try {
  writeFileSync(join(bed.work, "files/small"), Buffer.alloc(65536, "x"));
  writeFileSync(join(bed.work, "files/large"), Buffer.alloc(10 * 1024 * 1024, "x"));
  const peers = [{ load: bed, peer: await bed.peer("nginx-key") }];
  for (const variant of variants) {
    const [name, envs = ""] = variant.split("=");
    const all = Object.fromEntries(envs.split(",").filter(Boolean).map((e) => e.split(":")));
    const { PROGRAM, ...env } = all;
    const other = bed.beside(name);
    await other.addTollgate({ env, program: PROGRAM });
    beds.push(other);
    peers.push({ load: other, peer: { ...(await tollgatePeer(other.tollgate, other, name)), warm: 3 } });
  }
  for (const kind of kindList.split(",")) {
    const rows = [];
    for (let round = -3; round < Number(rounds); round++)
      for (const { load, peer } of peers) {
        const row = await measure(peer, () => wrk(peer, load, { seconds: Number(seconds), ...kinds[kind] }), { drain: false });
        if (round >= 0) rows.push({ round, name: peer.name, ...row });
      }
    const nginx = (round) => rows.find((r) => r.round === round && r.name === "nginx-key").cpu;
    for (const { peer } of peers) {
      const mine = rows.filter((r) => r.name === peer.name);
      console.log(kind.padEnd(8), peer.name.padEnd(14), "cpu", median(mine.map((r) => r.cpu)).toFixed(1), "loop", median(mine.map((r) => r.threads["gateway 0"] ?? 0)).toFixed(1), "rps", median(mine.map((r) => r.rps)).toFixed(0),
        "ratio", median(mine.map((r) => r.cpu / nginx(r.round))).toFixed(2), "loop ratio", median(mine.map((r) => (r.threads["gateway 0"] ?? 0) / nginx(r.round))).toFixed(2));
    }
  }
} finally { for (const other of beds) await other.dispose(); await bed.dispose(); }
