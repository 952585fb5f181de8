// How soon a change is in force while traffic flows, and whether the traffic feels it.
import { loadavg } from "node:os";
import { Bed } from "./bed.mjs";
import { locked } from "./lock.mjs";
import { openLoop, warmUp } from "./measure.mjs";
import { median, number, save } from "./report.mjs";
import { sleep } from "./processes.mjs";

export async function changes({ rate = 2000, seconds = 20, env, rounds = 2 }) {
  const bed = await Bed.make({ env });
  const rows = [];
  try {
    // nginx, of which nothing is changed, tells what times of this length the machine itself makes.
    const peers = { nginx: await bed.peer("nginx-key"), tollgate: await bed.peer("tollgate") };
    for (const peer of Object.values(peers)) await locked(() => warmUp(peer, bed));
    const kinds = [{ what: "nginx-key", peer: peers.nginx }, { what: "without changes", peer: peers.tollgate }, { what: "with changes", peer: peers.tollgate, changing: true }];
    for (let round = 0; round < rounds; round++)
      for (const { what, peer, changing } of kinds)
        await locked(async () => {
          const made = [];
          // Changes go on from the end of the load's warm-up to its own end.
          const end = Date.now() + (warmup + seconds) * 1000;
          const load = openLoop(peer, bed, { rate, seconds, warmup });
          const changer = changing ? sleep(warmup * 1000).then(() => change(bed, end, made)) : null;
          const times = await load;
          await changer;
          rows.push({ round, what, load: loadavg()[0], ...times, made });
        });
    for (const { round, what, load, p50, p99, p999, max, over5ms, gap, gaps, made } of rows)
      console.log(`round ${round + 1}, ${what}${made.length ? `, ${made.length}` : ""}: p50 ${p50} p99 ${p99} p99.9 ${p999} longest ${max} us, ${over5ms} calls over 5 ms; longest time without an answer ${gap} us, ${gaps} over 5 ms (load average ${number(load)})`);
    const of = (kind, field) => rows.flatMap((row) => row.made).filter((one) => one.kind === kind).map((one) => one[field]).sort((a, b) => a - b);
    for (const kind of ["made", "revoked", "revoked by another"]) {
      const found = of(kind, "ms");
      console.log(`a key is ${kind}, in force after: median ${number(found[found.length >> 1])} ms, p99 ${number(found[Math.floor(found.length * 0.99)])} ms, longest ${number(found.at(-1))} ms, ${found.length} times; of it until the change was answered: median ${number(median(of(kind, "answered")))} ms, longest ${number(of(kind, "answered").at(-1))} ms`);
    }
    for (const field of ["gap", "gaps", "p99", "over5ms"])
      console.log(`${field}: ${kinds.map(({ what }) => `${what} ${number(median(rows.filter((row) => row.what === what).map((row) => row[field])))}`).join(", ")}`);
    console.log(`raw numbers: ${save("changes", { rate, seconds, rows })}`);
  } finally {
    await bed.dispose();
  }
}

const warmup = 2;

// By the API of this node (its answer comes when the node knows), and in the database alone, as a change made through another node arrives.
async function change(bed, end, made) {
  const { tollgate } = bed;
  const subscription = (await tollgate.call("GET", "/api/subscriptions", undefined, tollgate.consumer)).data[0].id;
  while (Date.now() < end) {
    let began = performance.now();
    const key = await tollgate.call("POST", `/api/subscriptions/${subscription}/keys`, { name: "bench" }, tollgate.consumer);
    made.push(await inForce(bed, "made", key.secret, 200, began));
    began = performance.now();
    if (made.length % 3 === 1) {
      await tollgate.call("DELETE", `/api/keys/${key.id}`, undefined, tollgate.consumer);
      made.push(await inForce(bed, "revoked", key.secret, 401, began));
    } else {
      tollgate.sql(`UPDATE admission.key SET revoked_at = now() WHERE prefix = '${key.secret.slice(0, 12)}' AND name = 'bench'`);
      made.push(await inForce(bed, "revoked by another", key.secret, 401, began));
    }
    await sleep(100);
  }
}

async function inForce(bed, kind, secret, status, began) {
  const answered = performance.now() - began;
  for (;;) {
    const answer = await fetch(`${bed.tollgate.gateway}${bed.path}/items`, { headers: { "x-api-key": secret } });
    await answer.arrayBuffer();
    const ms = performance.now() - began;
    if (answer.status === status) return { kind, ms, answered, at: Date.now() };
    if (ms > 10_000) throw new Error(`not in force after 10 s: ${answer.status}`);
    await sleep(1);
  }
}
