// A million keys and ten thousand routes beside a thousand keys and four: what a call costs, and what the process holds.
import { Bed } from "./bed.mjs";
import { locked } from "./lock.mjs";
import { measure, measureUnshipped, warmUp, wrk } from "./measure.mjs";
import { gatewayCore, tollgatePeer } from "./peers.mjs";
import { residentKb } from "./processes.mjs";
import { median, number, save, table } from "./report.mjs";

const called = 100_000;

export async function scale({ rounds = 3, seconds = 5, keys = 1_000_000, apis = 1000, env }) {
  const bed = await Bed.make({ env });
  const rows = [];
  const large = bed.beside("large");
  try {
    const began = performance.now();
    await large.addTollgate({ keys, env, core: "0,1", apis, operations: 10 });
    console.log(`seeded ${keys} keys and ${apis} APIs with 10 routes each in ${number((performance.now() - began) / 1000, 0)} s`);
    const loading = await restart(large);
    // Spread over all keys, more than the processor's caches hold.
    large.setKeys(large.tollgate.path, Array.from({ length: called }, (_, i) => large.tollgate.keys[Math.floor((i * keys) / called)]));
    const peers = [[bed, await bed.peer("tollgate")], [large, await tollgatePeer(large.tollgate, large, "tollgate-large")]];
    for (const [at, peer] of peers) await locked(() => warmUp(peer, at));
    for (let round = 0; round < rounds; round++)
      await locked(async () => {
        for (const [at, peer] of peers)
          for (const how of [measureUnshipped, measure])
            rows.push({ round, ...(await how(peer, () => wrk(peer, at, { seconds }))), resident: residentKb(peer.child.pid), anonymous: residentKb(peer.child.pid, "RssAnon"), peak: residentKb(peer.child.pid, "VmHWM") });
      });
    const of = (name, field) => median(rows.filter((row) => row.peer === name).map((row) => row[field]));
    const ratio = (name) => median(rows.filter((row) => row.peer === `tollgate-large${name}`).map((row) => row.cpu / rows.find((one) => one.round === row.round && one.peer === `tollgate${name}`).cpu));
    table([["", (name) => name], ["us CPU/request", (name) => number(of(name, "cpu"))], ["requests/s", (name) => number(of(name, "rps"), 0)],
      ["resident MB", (name) => number(of(name, "resident") / 1024, 0)], ["of it not files", (name) => number(of(name, "anonymous") / 1024, 0)], ["peak MB", (name) => number(of(name, "peak") / 1024, 0)]],
    ["tollgate-path", "tollgate-large-path", "tollgate", "tollgate-large"]);
    console.log(`start to ready with ${keys} keys: ${number(loading / 1000, 1)} s`);
    console.log(`raw numbers: ${save("scale", { keys, routes: apis * 10, called, loading, rows })}`);
    console.log(`ratio_path=${number(ratio("-path"), 2)} ratio_whole=${number(ratio(""), 2)}`);
  } finally {
    await large.dispose();
    await bed.dispose();
  }
}

// The rows were written past the change feed: the node reads them all as it starts.
async function restart(large) {
  await large.tollgate.stop();
  large.tollgate.core = gatewayCore;
  const began = performance.now();
  await large.tollgate.start();
  await large.tollgate.knows(large.tollgate.keys.at(-1));
  return performance.now() - began;
}
