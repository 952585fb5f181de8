// Which settings of the runtime help: the same program and data, started anew with each.
import { Bed } from "./bed.mjs";
import { locked } from "./lock.mjs";
import { measure, measureUnshipped, warmUp, wrk } from "./measure.mjs";
import { median, number, save, table } from "./report.mjs";

const inline = { DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS: "1" };
const variants = {
  "as it is": {},
  "TieredPGO=0": { DOTNET_TieredPGO: "0" },
  "TieredCompilation=0": { DOTNET_TieredCompilation: "0" },
  "gcConcurrent=0": { DOTNET_gcConcurrent: "0" },
  "GCgen0size=64 MB": { DOTNET_GCgen0size: "0x4000000" },
  "no spinning": { DOTNET_ThreadPool_UnfairSemaphoreSpinLimit: "0" },
  "no file watcher": { DOTNET_hostBuilder__reloadConfigOnChange: "false" },
  inline,
  "inline + no spinning": { ...inline, DOTNET_ThreadPool_UnfairSemaphoreSpinLimit: "0" },
  "inline + GCgen0size=64 MB": { ...inline, DOTNET_GCgen0size: "0x4000000" },
};

export async function settings({ rounds = 2, seconds = 4, only, env = {} }) {
  const bed = await Bed.make();
  const rows = [];
  try {
    const names = Object.keys(variants).filter((name) => !only || only.includes(name));
    for (let round = 0; round < rounds; round++)
      for (const name of names) {
        await bed.tollgate.stop();
        bed.tollgate.env = { ...env, ...variants[name] };
        await locked(async () => {
          await bed.tollgate.start();
          const peer = await bed.peer("tollgate");
          await warmUp(peer, bed);
          rows.push({ name, round, ...(await measure(peer, () => wrk(peer, bed, { seconds }))) });
          rows.push({ name, round, ...(await measureUnshipped(peer, () => wrk(peer, bed, { seconds }))) });
        });
        process.stderr.write(`${name}: ${rows.slice(-2).map((row) => `${row.peer} ${number(row.cpu)} us, ${number(row.rps, 0)}/s`).join(", ")}\n`);
      }
    const of = (name, peer, field) => median(rows.filter((row) => row.name === name && row.peer === peer).map((row) => row[field]));
    table([
      ["setting", (name) => name],
      ["path us", (name) => number(of(name, "tollgate-path", "cpu"))],
      ["whole us", (name) => number(of(name, "tollgate", "cpu"))],
      ["path requests/s", (name) => number(of(name, "tollgate-path", "rps"), 0)],
      ["requests/s", (name) => number(of(name, "tollgate", "rps"), 0)],
    ], names);
    console.log(`raw numbers: ${save("settings", { rounds, seconds, rows })}`);
  } finally {
    await bed.dispose();
  }
}
