// Large bodies in both directions and a stream, beside nginx with the same keys.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Bed } from "./bed.mjs";
import { locked } from "./lock.mjs";
import { calm, measure, wrk } from "./measure.mjs";
import { median, number, save, table } from "./report.mjs";

const small = 64 * 1024, large = 10 * 1024 * 1024;
const kinds = [
  { kind: "64 KB down", path: "/files/small", connections: 64 },
  { kind: "10 MB down", path: "/files/large", connections: 16 },
  { kind: "64 KB up", path: "/upload", body: small, connections: 64 },
  { kind: "10 MB up", path: "/upload", body: large, connections: 16 },
  { kind: "stream of 100 events", path: "/stream", connections: 64, seconds: 5 },
];

export async function bodies({ rounds = 3, seconds = 3, only = ["tollgate", "nginx-key"], env }) {
  const bed = await Bed.make({ env });
  const rows = [];
  try {
    writeFileSync(join(bed.work, "files/small"), Buffer.alloc(small, "x"));
    writeFileSync(join(bed.work, "files/large"), Buffer.alloc(large, "x"));
    const peers = [];
    for (const name of only) peers.push(await bed.peer(name));
    for (const { kind, ...load } of kinds)
      for (const peer of peers) await locked(() => calm(peer, () => wrk(peer, bed, { seconds, ...load })));
    for (let round = 0; round < rounds; round++)
      for (const { kind, ...load } of kinds)
        await locked(async () => {
          for (const peer of peers) rows.push({ round, kind, ...(await measure(peer, () => wrk(peer, bed, { seconds, ...load }))) });
        });
    const of = (kind, name, field) => median(rows.filter((row) => row.kind === kind && row.peer === name).map((row) => row[field]));
    table([["body", ({ kind }) => kind],
      ...only.flatMap((name) => [[`${name} us CPU`, ({ kind }) => number(of(kind, name, "cpu"))], ["a second", ({ kind }) => number(of(kind, name, "rps"), 0)]]),
      ["ratio", ({ kind }) => number(median(rows.filter((row) => row.kind === kind && row.peer === "tollgate")
        .map((row) => row.cpu / rows.find((one) => one.kind === kind && one.round === row.round && one.peer === "nginx-key")?.cpu)), 2)]], kinds);
    console.log(`raw numbers: ${save("bodies", { rounds, seconds, rows })}`);
  } finally {
    await bed.dispose();
  }
}
