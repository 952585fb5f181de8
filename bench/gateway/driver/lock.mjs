// BENCH_LOCK names a file that others lock while they build. Rounds hold it: several in a row, but for no longer than it is fair to.
import { spawn } from "node:child_process";

const fair = 100_000;
let holder, since, idle;

export async function locked(work) {
  if (!process.env.BENCH_LOCK) return work();
  clearTimeout(idle);
  if (!holder) {
    holder = spawn("flock", [process.env.BENCH_LOCK, "sh", "-c", "echo held; cat"], { stdio: ["pipe", "pipe", "inherit"] });
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    since = Date.now();
  }
  try {
    return await work();
  } finally {
    if (Date.now() - since > fair) release();
    else idle = setTimeout(release, 300);
  }
}

function release() {
  holder?.stdin.end();
  holder = undefined;
}
