// BENCH_LOCK names a file that others lock while they build: each round holds it.
import { spawn } from "node:child_process";

export async function locked(work) {
  if (!process.env.BENCH_LOCK) return work();
  const holder = spawn("flock", [process.env.BENCH_LOCK, "sh", "-c", "echo held; cat"], { stdio: ["pipe", "pipe", "inherit"] });
  await new Promise((resolve) => holder.stdout.once("data", resolve));
  try {
    return await work();
  } finally {
    holder.stdin.end();
  }
}
