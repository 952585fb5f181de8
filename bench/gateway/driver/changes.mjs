// How soon a change is in force while traffic flows, and whether the traffic feels it.
import { Bed } from "./bed.mjs";
import { locked } from "./lock.mjs";
import { aheadOfOthers, openLoop, warmUp } from "./measure.mjs";
import { number, save } from "./report.mjs";
import { sleep } from "./processes.mjs";

export async function changes({ rate = 2000, seconds = 20, env, rounds = 2 }) {
  const bed = await Bed.make({ env });
  const rows = [];
  try {
    const peer = await bed.peer("tollgate");
    await locked(() => warmUp(peer, bed));
    for (let round = 0; round < rounds; round++)
      for (const changing of [false, true])
        await locked(async () => {
          const made = [];
          const end = Date.now() + (seconds + 2) * 1000;
          const load = openLoop(peer, bed, { rate, seconds });
          const changer = changing ? change(bed, end, made) : null;
          const times = await aheadOfOthers(() => load);
          await changer;
          rows.push({ round, changing, ...times, made });
        });
    for (const { round, changing, p50, p99, p999, max, over5ms, made } of rows)
      console.log(`round ${round + 1}, ${changing ? `${made.length} changes` : "no changes"}: p50 ${p50} p99 ${p99} p99.9 ${p999} longest ${max} us, ${over5ms} calls over 5 ms`);
    for (const kind of ["made", "revoked", "revoked by another"]) {
      const found = rows.flatMap((row) => row.made).filter((one) => one.kind === kind).map((one) => one.ms).sort((a, b) => a - b);
      console.log(`a key is ${kind}, in force after: median ${number(found[found.length >> 1])} ms, p99 ${number(found[Math.floor(found.length * 0.99)])} ms, longest ${number(found.at(-1))} ms, ${found.length} times`);
    }
    console.log(`raw numbers: ${save("changes", { rate, seconds, rows })}`);
  } finally {
    await bed.dispose();
  }
}

// By the API of this node (its answer comes when the node knows), and in the database alone, as a change made through another node arrives.
async function change(bed, end, made) {
  const { tollgate } = bed;
  const subscription = (await tollgate.call("GET", "/api/subscriptions", undefined, tollgate.consumer)).data[0].id;
  while (Date.now() < end) {
    let began = performance.now();
    const key = await tollgate.call("POST", `/api/subscriptions/${subscription}/keys`, { name: "bench" }, tollgate.consumer);
    made.push({ kind: "made", ms: await inForce(bed, key.secret, 200, began) });
    began = performance.now();
    if (made.length % 3 === 1) {
      await tollgate.call("DELETE", `/api/keys/${key.id}`, undefined, tollgate.consumer);
      made.push({ kind: "revoked", ms: await inForce(bed, key.secret, 401, began) });
    } else {
      tollgate.sql(`UPDATE admission.key SET revoked_at = now() WHERE prefix = '${key.secret.slice(0, 12)}' AND name = 'bench'`);
      made.push({ kind: "revoked by another", ms: await inForce(bed, key.secret, 401, began) });
    }
    await sleep(100);
  }
}

async function inForce(bed, secret, status, began) {
  for (;;) {
    const answer = await fetch(`${bed.tollgate.gateway}${bed.path}/items`, { headers: { "x-api-key": secret } });
    await answer.arrayBuffer();
    if (answer.status === status) return performance.now() - began;
    if (performance.now() - began > 10_000) throw new Error(`not in force after 10 s: ${answer.status}`);
    await sleep(1);
  }
}
