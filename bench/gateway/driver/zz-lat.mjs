// node zz-lat.mjs rate rounds seconds 'name=ENV:VALUE,...'; NICE_PG:n renices PostgreSQL
import { execFileSync } from "node:child_process";
import { Bed } from "./bed.mjs";
import { measure, openLoop, warmUp } from "./measure.mjs";
import { postgresOf } from "./processes.mjs";
import { median } from "./report.mjs";
import { tollgatePeer } from "./peers.mjs";
const [rate, rounds, seconds, ...variants] = process.argv.slice(2);
const bed = await Bed.make({ env: { DOTNET_ThreadPool_UnfairSemaphoreSpinLimit: "0" } });
const beds = [];
try {
  const peers = [{ load: bed, peer: await bed.peer("nginx-key") }];
  for (const variant of variants) {
    const [name, envs = ""] = variant.split("=");
    const { PROGRAM, NICE_PG, IDLE_PG, STOP_PG, ...env } = Object.fromEntries(envs.split(",").filter(Boolean).map((e) => e.split(":")));
    const other = bed.beside(name);
    await other.addTollgate({ env, program: PROGRAM });
    beds.push(other);
    peers.push({ load: other, NICE_PG, IDLE_PG, STOP_PG, peer: { ...(await tollgatePeer(other.tollgate, other, name)), warm: 2 } });
    await warmUp(peers.at(-1).peer, other);
  }
  const rows = [];
  for (let round = 0; round < Number(rounds); round++)
    for (const { load, peer, NICE_PG, IDLE_PG, STOP_PG } of peers) {
      let times;
      const pids = peer.tollgate ? postgresOf(peer.child.pid) : [];
      for (const pid of pids) { if (NICE_PG) execFileSync("renice", ["-n", NICE_PG, "-p", String(pid)], { stdio: "ignore" }); if (IDLE_PG) execFileSync("chrt", [`--${IDLE_PG}`, "-p", "0", String(pid)], { stdio: "ignore" }); if (STOP_PG) process.kill(pid, "SIGSTOP"); }
      const row = await measure(peer, async () => { times = await openLoop(peer, load, { rate: Number(rate), seconds: Number(seconds) }); return { ...times, requests: Number(rate) * (Number(seconds) + 2) }; }, { drain: false });
      for (const pid of pids) if (STOP_PG) process.kill(pid, "SIGCONT");
      rows.push({ round, name: peer.name, cpu: row.cpu, ...times });
    }
  const of = (round) => rows.find((r) => r.round === round && r.name === "nginx-key");
  for (const { peer } of peers) {
    const mine = rows.filter((r) => r.name === peer.name);
    console.log(peer.name.padEnd(12), ...["p50", "p90", "p99", "p999", "max", "over5ms", "cpu"].map((f) => `${f} ${median(mine.map((r) => r[f])).toFixed(2)}`), "p99 ratio", median(mine.map((r) => r.p99 / of(r.round).p99)).toFixed(2), mine.map((r) => r.p99.toFixed(1)).join(" "));
  }
} finally { for (const other of beds) await other.dispose(); await bed.dispose(); }
