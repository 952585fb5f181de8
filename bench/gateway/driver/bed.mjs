// What each mode needs around the peers: the work folder, the upstream, and Tollgate with its keys.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { workFolder } from "./files.mjs";
import { gatewayCore, startPeer, startUpstream, stop, Tollgate, tollgatePeer, writeKeys } from "./peers.mjs";
import { newKey } from "./keys.mjs";

export class Bed {
  static async make({ tollgate = true, keys = 1000, ...settings } = {}) {
    const bed = new Bed();
    bed.work = workFolder();
    bed.running = [];
    const { child, values } = await startUpstream(bed.work);
    bed.running.push(child);
    bed.values = values;
    if (tollgate) await bed.addTollgate({ keys, ...settings });
    else bed.setKeys("/bench/echo", Array.from({ length: keys }, newKey));
    return bed;
  }

  /** Another one on the same upstream, in a folder of its own. */
  beside(name) {
    const work = join(this.work, name);
    mkdirSync(work, { mode: 0o755 });
    return Object.assign(new Bed(), { work, running: [], values: { ...this.values, WORK: work } });
  }

  async addTollgate({ keys = 1000, env, program, core = gatewayCore, ...seed } = {}) {
    this.tollgate = await new Tollgate({ work: this.work, upstream: this.values.UPSTREAM, core, env, program }).start();
    await this.tollgate.seed({ keys, ...seed });
    this.setKeys(this.tollgate.path, this.tollgate.keys);
  }

  setKeys(path, keys) {
    Object.assign(this, { path, keys });
    this.values.PREFIX = path;
    writeKeys(this.work, keys);
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
  }
}
