// What each mode needs around the peers: the work folder, the upstream, and Tollgate with its keys.
import { rmSync } from "node:fs";
import { workFolder } from "./files.mjs";
import { gatewayCore, startPeer, startUpstream, stop, Tollgate, tollgatePeer, writeKeys } from "./peers.mjs";
import { newKey } from "./keys.mjs";

export class Bed {
  static async make({ keys = 1000, tollgate = true, env, ...seed } = {}) {
    const bed = new Bed();
    bed.work = workFolder();
    bed.running = [];
    bed.path = "/bench/echo";
    const { child, values } = await startUpstream(bed.work);
    bed.running.push(child);
    bed.values = values;
    if (tollgate) {
      bed.tollgate = await new Tollgate({ work: bed.work, upstream: values.UPSTREAM, core: gatewayCore, env }).start();
      await bed.tollgate.seed({ keys, ...seed });
      bed.path = bed.tollgate.path;
    }
    bed.keys = bed.tollgate?.keys ?? Array.from({ length: keys }, newKey);
    writeKeys(bed.work, bed.keys);
    return bed;
  }

  async peer(name) {
    if (name === "tollgate") return tollgatePeer(this.tollgate, this);
    const peer = await startPeer(this, name);
    this.running.push(peer.child);
    return peer;
  }

  async dispose() {
    await this.tollgate?.stop();
    for (const child of this.running.reverse()) await stop(child);
    if (!process.env.BENCH_KEEP) rmSync(this.work, { recursive: true, force: true });
  }
}
