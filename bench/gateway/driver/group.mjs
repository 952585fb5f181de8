// Control groups, as systemd and container engines give to what they start: one for each gateway, one for the driver with the load and the upstream. In the kernel's first group,
// where a shell may live, "autogroup" makes a group for each session instead, and every process of PostgreSQL begins a session: forty groups stand beside the gateway's one, and were
// seen to wait for seconds while the gateway compiled. Within a group what a process asks for counts.
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const controller = readFileSync("/proc/self/cgroup", "utf8").split("\n").map((line) => line.split(":")).find(([, names]) => names?.split(",").includes("cpu"));
const parent = join("/sys/fs/cgroup", controller?.[1] ?? "");
let made = 0;
const own = needed() ? group() : null;
if (own) writeFileSync(join(own, "cgroup.procs"), String(process.pid));

/** The command that runs `command` in a new group; itself where no group is needed, or none may be made. */
export const grouped = (command) => (own ? ["sh", "-c", `echo $$ >${group()}/cgroup.procs && exec "$@"`, "sh", ...command] : command);

/** The command that goes before the driver's other work, where the rights allow it: the load must not wait for the changes that the driver makes. */
export const ahead = (command) => ["nice", "-n", "-10", ...command];

function needed() {
  try {
    accessSync(parent, constants.W_OK);
    return controller?.[2] === "/";
  } catch {
    return false;
  }
}

function group() {
  const folder = join(parent, `tollgate-bench-${process.pid}-${++made}`);
  mkdirSync(folder);
  process.on("exit", () => remove(folder));
  return folder;
}

// Refused while a process is left in it, as in the driver's own; an empty group costs nothing.
function remove(folder) {
  try {
    if (folder === own) writeFileSync(join(parent, "cgroup.procs"), String(process.pid));
    rmdirSync(folder);
  } catch { /* it stays */ }
}
