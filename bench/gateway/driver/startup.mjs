// From the start of the process to the first answer through the gateway, with many APIs.
import { Bed } from "./bed.mjs";
import { locked } from "./lock.mjs";
import { cpu, residentKb, sleep, used } from "./processes.mjs";
import { median, number, save } from "./report.mjs";

export async function startup({ rounds = 5, apis = 1000, env }) {
  const bed = await Bed.make({ apis, operations: 10, env });
  const rows = [];
  try {
    for (let round = 0; round < rounds; round++)
      for (const core of ["0,1", "0"]) {
        await bed.tollgate.stop();
        bed.tollgate.core = core;
        await locked(async () => {
          const began = performance.now();
          await bed.tollgate.start({ ready: false });
          while (!(await answered(bed))) await sleep(2);
          rows.push({ round, processors: core.split(",").length, milliseconds: performance.now() - began, ...processor(bed), resident: residentKb(bed.tollgate.child.pid) });
        });
      }
    for (const processors of [2, 1]) {
      const times = rows.filter((row) => row.processors === processors).map((row) => row.milliseconds);
      const of = (field) => number(median(rows.filter((row) => row.processors === processors).map((row) => row[field])), 0);
      console.log(`${apis} APIs, ${processors} processors: start to first answer ${of("milliseconds")} ms (${number(Math.min(...times), 0)} to ${number(Math.max(...times), 0)}), `
        + `of processor time ${of("own")} ms and PostgreSQL ${of("postgres")} ms`);
    }
    console.log(`raw numbers: ${save("start", { apis, rounds, rows })}`);
  } finally {
    await bed.dispose();
  }
}

function processor(bed) {
  const { own, postgres } = used({ processes: new Map() }, cpu(bed.tollgate.child.pid));
  return { own: own / 1e6, postgres: postgres / 1e6 };
}

async function answered(bed) {
  try {
    return (await fetch(`${bed.tollgate.gateway}${bed.path}/items`, { headers: { "x-api-key": bed.keys[0] } })).status === 200;
  } catch {
    return false;
  }
}
