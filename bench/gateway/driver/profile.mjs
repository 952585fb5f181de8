// Where the microseconds of Tollgate's path go: perf with the names that the runtime writes down. Needs Debian's linux-perf.
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { Bed } from "./bed.mjs";
import { locked } from "./lock.mjs";
import { measure, measureUnshipped, output, warmUp, wrk } from "./measure.mjs";
import { number } from "./report.mjs";

export async function profile({ seconds = 6, env = {}, file = "profile.txt" }) {
  const bed = await Bed.make({ env: { DOTNET_PerfMapEnabled: "1", DOTNET_EnableWriteXorExecute: "0", ...env } });
  try {
    const peer = await bed.peer("tollgate");
    await locked(() => warmUp(peer, bed));
    const path = await locked(() => record(bed, peer, seconds, measureUnshipped, "path"));
    const shipping = await locked(() => record(bed, peer, seconds, measure, "shipping"));
    writeFileSync(file, `${path}\n${shipping}`);
    console.log(path);
    console.log(`written to ${file}`);
  } finally {
    await bed.dispose();
  }
}

async function record(bed, peer, seconds, how, name) {
  const data = join(bed.work, `perf-${name}.data`);
  const row = await how(peer, async () => {
    const load = wrk(peer, bed, { seconds });
    await output("perf", ["record", "-o", data, "-F", "1999", "-g", "-p", String(peer.child.pid), "--", "sleep", String(seconds - 1)]);
    return load;
  });
  const report = async (count, ...args) => (await output("perf", ["report", "-i", data, "-g", "none", "--stdio", ...args])).split("\n")
    .filter((line) => line.includes("%") && !line.startsWith("#") && !/0x[0-9a-f]{16}/.test(line)).map(readable).slice(0, count);
  const modules = await report(10, "--no-children", "--sort", "dso");
  const symbols = await report(60, "--no-children", "--sort", "symbol");
  const inclusive = await report(120, "--children", "--sort", "symbol");
  return [`== ${name}: ${number(row.during)} us CPU a request while loaded, ${number(row.rps, 0)} requests/s (perf itself included)`,
    "-- by module", ...modules, "-- by function, self", ...symbols, "-- by function, with what it calls", ...inclusive, ""].join("\n");
}

// The runtime writes whole signatures: the name is enough.
function readable(line) {
  const short = line.replace(/(\[\.\]) .*?([\w.+<>`!]+(?:\[[^\]]*\])?::[\w.|<>]+).*$/, "$1 $2").replaceAll(/System\.Runtime\.CompilerServices\.|Microsoft\.AspNetCore\.Server\./g, "");
  return short.replace(/\s+-\s+-\s*$/, "").slice(0, 150);
}
