// Bytes that Tollgate allocates for a call, and what collecting them costs. bench/gateway/probe reads the figures inside the process.
import { readFileSync, rmSync, existsSync } from "node:fs";
import { join } from "node:path";
import { Bed } from "./bed.mjs";
import { repository } from "./files.mjs";
import { locked } from "./lock.mjs";
import { measure, measureUnshipped, warmUp, wrk } from "./measure.mjs";
import { until } from "./processes.mjs";
import { median, number, save, table } from "./report.mjs";

export async function allocations({ rounds = 3, seconds = 4, env }) {
  const bed = await Bed.make({ tollgate: false });
  const file = join(bed.work, "probe.json");
  const rows = [];
  try {
    await bed.addTollgate({ env: { ...env, DOTNET_STARTUP_HOOKS: join(repository, "artifacts/bin/probe/release/Tollgate.probe.dll"), PROBE_FILE: file } });
    const peer = await bed.peer("tollgate");
    await locked(() => warmUp(peer, bed));
    const probe = async () => {
      rmSync(file, { force: true });
      await until("the probe answers", () => existsSync(file), 10);
      return JSON.parse(readFileSync(file, "utf8"));
    };
    const idle = await allocatedIdle(probe);
    for (let round = 0; round < rounds; round++)
      for (const how of [measureUnshipped, measure])
        await locked(async () => {
          let before, after;
          const row = await how(peer, async () => {
            before = await probe();
            const result = await wrk(peer, bed, { seconds });
            after = await probe();
            return result;
          });
          rows.push({ round, peer: row.peer, requests: row.requests, bytes: (after.allocated - before.allocated - idle * seconds) / row.requests,
            collections: after.gen0 - before.gen0, gen2: after.gen2 - before.gen2, pause: after.pause_ms - before.pause_ms });
        });
    const of = (name, field) => median(rows.filter((row) => row.peer === name).map((row) => row[field]));
    table([["", (name) => name], ["bytes/request", (name) => number(of(name, "bytes"), 0)], ["collections", (name) => number(of(name, "collections"), 0)],
      ["pause ms", (name) => number(of(name, "pause"))], ["requests", (name) => number(of(name, "requests"), 0)]], ["tollgate-path", "tollgate"]);
    console.log(`raw numbers: ${save("allocations", { rounds, seconds, idle, rows })}`);
  } finally {
    await bed.dispose();
  }
}

// Bytes a second without any call: timers, heartbeats, the probe itself.
async function allocatedIdle(probe) {
  const before = await probe();
  await new Promise((resolve) => setTimeout(resolve, 3000));
  return ((await probe()).allocated - before.allocated) / 3;
}
