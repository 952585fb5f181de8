// The comparison: every peer in turn, round after round, so that what the machine does besides hits all of them.
import { Bed } from "./bed.mjs";
import { locked } from "./lock.mjs";
import { measure, measureUnshipped, warmUp, wrk } from "./measure.mjs";
import { catalogue, tollgatePeer } from "./peers.mjs";
import { median, number, save, table } from "./report.mjs";

export async function compare({ quick, only, env, rounds = quick ? 3 : 7, seconds = quick ? 3 : 6 }) {
  const names = only ?? Object.keys(catalogue);
  const bed = await Bed.make({ tollgate: names.includes("tollgate"), env });
  let before;
  try {
    const peers = [];
    for (const name of names) peers.push({ bed, ...(await bed.peer(name)) });
    // Another build of Tollgate in the same rounds: what a change does.
    if (process.env.BENCH_BEFORE) {
      before = bed.beside("before");
      await before.addTollgate({ program: process.env.BENCH_BEFORE, env });
      peers.push({ bed: before, ...(await tollgatePeer(before.tollgate, before, "before")) });
    }
    for (const peer of peers) await locked(() => warmUp(peer, peer.bed));
    const rows = [];
    for (let round = 0; round < rounds; round++) await locked(() => oneRound(peers, round, seconds, rows));
    finish(rows, { rounds, seconds });
  } finally {
    await before?.dispose();
    await bed.dispose();
  }
}

async function oneRound(peers, round, seconds, rows) {
  // Each round begins with another peer.
  const order = peers.map((_, i) => peers[(i + round) % peers.length]);
  for (const peer of order) {
    rows.push({ round, ...(await measure(peer, () => wrk(peer, peer.bed, { seconds }))) });
    if (peer.tollgate) rows.push({ round, ...(await measureUnshipped(peer, () => wrk(peer, peer.bed, { seconds }))) });
  }
  process.stderr.write(`round ${round + 1}: ${rows.filter((row) => row.round === round).map((row) => `${row.peer} ${number(row.cpu)}`).join(", ")}\n`);
}

function finish(rows, settings) {
  const names = [...new Set(rows.map((row) => row.peer))];
  const of = (name, field) => rows.filter((row) => row.peer === name).map((row) => row[field]);
  const summary = names.map((name) => Object.fromEntries([["peer", name],
    ...["cpu", "during", "postgres", "waited", "rps", "p50", "p99"].map((field) => [field, median(of(name, field))])]));
  summary.sort((a, b) => a.cpu - b.cpu);
  table([
    ["peer", (row) => row.peer],
    ["us CPU/request", (row) => number(row.cpu)],
    ["while loaded", (row) => number(row.during)],
    ["PostgreSQL", (row) => number(row.postgres)],
    ["waited us", (row) => number(row.waited)],
    ["requests/s", (row) => number(row.rps, 0)],
    ["p50 us", (row) => number(row.p50, 0)],
    ["p99 us", (row) => number(row.p99, 0)],
    ["", (row) => catalogue[row.peer]?.about ?? (row.peer === "before" ? "the build that BENCH_BEFORE names" : `${row.peer.startsWith("before") ? "the same" : "Tollgate"} with its database held: path and journal, nothing shipped`)],
  ], summary);
  const ratio = (own, other) => {
    const pairs = rows.filter((row) => row.peer === own).map((row) => row.cpu / rows.find((one) => one.round === row.round && one.peer === other)?.cpu);
    return number(median(pairs.filter((value) => !Number.isNaN(value))), 2) || "-";
  };
  const line = (own) => `ratio_nginx_key=${ratio(own, "nginx-key")} ratio_haproxy=${ratio(own, "haproxy")} ratio_nginx_lua=${ratio(own, "nginx-lua")}`;
  console.log(`raw numbers: ${save("compare", { settings, summary, rows })}`);
  if (names.includes("before")) console.log(`against the build before: ${ratio("tollgate", "before")}, path and journal alone ${ratio("tollgate-path", "before-path")}`);
  console.log(`path and journal alone: ${line("tollgate-path")}`);
  console.log(line("tollgate"));
}
