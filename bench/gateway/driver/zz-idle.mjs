import { Bed } from "./bed.mjs";
import { cpu, used, sleep } from "./processes.mjs";
import { wrk, measureUnshipped } from "./measure.mjs";
import { spawn } from "node:child_process";
const bed = await Bed.make({ env: JSON.parse(process.env.ZZENV ?? "{}") });
try {
  const peer = await bed.peer("tollgate");
  await sleep(20000);
  const look = async (what, seconds) => { const a = cpu(peer.child.pid); await sleep(seconds * 1000); const b = cpu(peer.child.pid); const u = used(a, b);
    console.log(what, "ms/s own", (Number(u.own) / 1e6 / seconds).toFixed(2), "postgres", (Number(u.postgres) / 1e6 / seconds).toFixed(2), Object.entries(u.threads).filter(([, ns]) => Number(ns) / 1e6 / seconds > 0.1).map(([n, ns]) => `${n}:${(Number(ns) / 1e6 / seconds).toFixed(2)}`).join(" ")); };
  await look("idle", 10);
  const load = spawn("bash", ["-c", `for i in $(seq 1 2000); do curl -s -o /dev/null -H "X-API-Key: ${bed.keys[0]}" ${peer.url}${bed.path}/items; sleep 0.012; done`]);
  await sleep(3000);
  await look("50/s", 8);
  load.kill();
} finally { await bed.dispose(); }
