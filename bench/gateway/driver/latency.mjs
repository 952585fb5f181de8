// What a call takes at a fixed rate, far below what the processor could do.
import { Bed } from "./bed.mjs";
import { locked } from "./lock.mjs";
import { calm, measure, openLoop, warmUp } from "./measure.mjs";
import { median, number, save, table } from "./report.mjs";

export async function latency({ rate, only = ["tollgate", "nginx-key"], rounds = 5, seconds = 8, env }) {
  const bed = await Bed.make({ env });
  const rows = [];
  try {
    const peers = [];
    for (const name of only) peers.push(await bed.peer(name));
    for (const peer of peers)
      await locked(async () => {
        await warmUp(peer, bed);
        // At the rate itself, too: what runs seldom is compiled last.
        await calm(peer, () => openLoop(peer, bed, { rate, seconds }));
      });
    for (let round = 0; round < rounds; round++)
      await locked(async () => {
        for (const peer of peers) {
          let times;
          const row = await measure(peer, async () => { times = await openLoop(peer, bed, { rate, seconds }); return { ...times, requests: rate * (seconds + 2) }; });
          rows.push({ round, peer: peer.name, cpu: row.cpu, ...times });
        }
      });
    const of = (name, field) => median(rows.filter((row) => row.peer === name).map((row) => row[field]));
    table([["peer", (name) => name], ...["p50", "p90", "p99", "p999", "max", "over5ms", "cpu"].map((field) => [field === "cpu" ? "us CPU/request" : field, (name) => number(of(name, field))])], only);
    console.log(`raw numbers: ${save(`load-${rate}`, { rate, rounds, seconds, rows })}`);
    if (only.includes("tollgate") && only.includes("nginx-key"))
      console.log(`p99_nginx_key=${number(median(rows.filter((row) => row.peer === "tollgate").map((row) => row.p99 / rows.find((one) => one.round === row.round && one.peer === "nginx-key").p99)), 2)}`);
  } finally {
    await bed.dispose();
  }
}
