// The real program with its embedded database, one published API, a plan with two allowances, and as many subscriptions as there are keys.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { digest, newKey } from "./keys.mjs";
import { freePort, repository } from "./files.mjs";
import { start, stop, until } from "./processes.mjs";

const allowances = [
  { meter: "requests", amount: 1_000_000, window: "second", past: "deny" },
  { meter: "requests", amount: 1_000_000_000, window: "month", past: "deny" },
];

/** More rows than these go past the change feed; the node reads them when it is started again. */
const byFeed = 10_000;

/** Paths of an OpenAPI document: the first is the one that is called. */
const openapi = (operations) => ({
  openapi: "3.1.0",
  info: { title: "Bench", version: "1" },
  paths: Object.fromEntries(["/items", "/files/{name}", "/upload", "/stream", ...Array.from({ length: Math.max(0, operations - 4) }, (_, i) => `/more/${i}/{id}`)]
    .map((path) => [path, { [path === "/upload" ? "post" : "get"]: { responses: { 200: { description: "ok" } } } }])),
});

export class Tollgate {
  constructor({ work, upstream, core, program, env = {} }) {
    Object.assign(this, { work, upstream, core, env, data: join(work, "data") });
    this.program = program ?? process.env.BENCH_TOLLGATE ?? join(repository, "artifacts/bin/Host/release/tollgate.dll");
  }

  async start({ ready = true } = {}) {
    this.control ??= `http://127.0.0.1:${await freePort()}`;
    this.gateway ??= `http://127.0.0.1:${await freePort()}`;
    this.child = start("dotnet", [this.program], {
      core: this.core,
      log: join(this.work, "tollgate.log"),
      cwd: this.work,
      env: {
        Data__Directory: this.data,
        Control__Url: this.control,
        Gateway__Url: this.gateway,
        Gateway__PublicUrl: this.gateway,
        Gateway__AllowPrivateUpstreams: "true",
        Identity__RegistersPerHour: "1000000",
        Demo__Seed: "false",
        Mail__ShowLocally: "true",
        ...this.env,
      },
    });
    if (ready) await until("Tollgate is ready", () => this.isReady(), 600, this.child);
    return this;
  }

  async isReady() {
    try { return (await fetch(`${this.control}/_api/readyz`)).ok; } catch { return false; }
  }

  stop(signal) { return stop(this.child, signal); }

  async call(method, path, body, token) {
    const answer = await fetch(this.control + path, {
      method,
      headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  async register(name) {
    const session = await this.call("POST", "/auth/register", { email: `${name}@example.com`, password: `correct horse ${name}`, name });
    await this.verify(`${name}@example.com`, session.access_token);
    return session.access_token;
  }

  /** Nothing is published by an address that nobody confirmed. Programs of before know nothing of it. */
  async verify(email, session) {
    for (let i = 0; i < 100; i++) {
      const answer = await fetch(`${this.control}/_api/mails?to=${email}`);
      if (!answer.ok) return;
      const [mail] = (await answer.json()).data;
      const token = mail?.text.match(/verify-email#(\S+)/)?.[1];
      if (token) return this.call("POST", "/auth/verify-email", { token }, session);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`No mail came to ${email}`);
  }

  async publish(token, slug, operations) {
    const api = await this.call("POST", "/api/apis", { name: `Bench ${slug}`, slug, upstream_url: `http://127.0.0.1:${this.upstream}`, openapi: openapi(operations) }, token);
    const plan = await this.call("POST", `/api/apis/${api.id}/plans`, { name: "Large", price: { amount: 0, currency: "usd", interval: "month" }, allowances }, token);
    await this.call("POST", `/api/apis/${api.id}/publish`, {}, token);
    return { url: api.gateway_url, plan: plan.id, api: api.id };
  }

  /** One API by the control API; one subscription too, and the others as rows like it, each of an organization of its own. */
  async seed({ keys, apis = 1, operations = 4 }) {
    this.provider = await this.register("provider");
    const first = await this.publish(this.provider, "echo", operations);
    for (let i = 1; i < apis; i++) await this.publish(this.provider, `echo-${i}`, operations);
    this.plan = first.plan;
    this.path = new URL(first.url).pathname;
    this.consumer = await this.register("consumer");
    await this.call("POST", "/api/subscriptions", { plan_id: first.plan }, this.consumer);
    this.keys = Array.from({ length: keys }, newKey);
    this.copySubscriptions();
    if (keys <= byFeed) await this.knows(this.keys.at(-1));
  }

  knows(key) {
    const answered = async () => {
      try { return (await fetch(`${this.gateway}${this.path}/items`, { headers: { "x-api-key": key } })).ok; } catch { return false; }
    };
    return until("the last key is known", answered, 120, this.child);
  }

  /** A million rows are written past the change feed; as another database's feed, it makes every node load all again. */
  copySubscriptions() {
    const rows = join(this.work, "seed.csv");
    writeFileSync(rows, this.keys.map((key, i) => `${i},${key.slice(0, 12)},\\x${digest(key)}\n`).join(""));
    this.sql(`
      ${this.keys.length > byFeed ? "SET session_replication_role = replica;" : ""}
      CREATE TEMPORARY TABLE seed (n int, prefix text, digest bytea, organization uuid DEFAULT gen_random_uuid(), subscription uuid DEFAULT gen_random_uuid());
      \\copy seed (n, prefix, digest) FROM '${rows}' WITH (FORMAT csv)
      CREATE TEMPORARY TABLE model AS SELECT subscription_id AS id, provider_organization_id AS provider FROM admission.key ORDER BY created_at DESC LIMIT 1;
      BEGIN;
      INSERT INTO identity.organization (id, slug, name, personal) SELECT organization, 'bench-' || n, 'Bench ' || n, true FROM seed;
      INSERT INTO plans.subscription SELECT copy.* FROM plans.subscription s JOIN model USING (id), seed,
        LATERAL jsonb_populate_record(s, jsonb_build_object('id', seed.subscription, 'organization_id', seed.organization)) copy;
      INSERT INTO plans.entitlement_snapshot SELECT copy.* FROM plans.entitlement_snapshot e JOIN model ON model.id = e.subscription_id, seed,
        LATERAL jsonb_populate_record(e, jsonb_build_object('subscription_id', seed.subscription, 'organization_id', seed.organization)) copy;
      INSERT INTO admission.key (id, subscription_id, organization_id, provider_organization_id, name, prefix, digest, created_at)
        SELECT gen_random_uuid(), seed.subscription, seed.organization, model.provider, 'bench', seed.prefix, seed.digest, now() FROM seed, model;
      COMMIT;
      ${this.keys.length > 10_000 ? "UPDATE foundation.change_horizon SET feed = gen_random_uuid();" : ""}
    `);
  }

  sql(text) {
    const socket = join(this.data, "postgres/socket");
    const result = spawnSync("psql", ["-h", socket, "-U", "postgres", "-d", "tollgate", "-q", "-At", "-v", "ON_ERROR_STOP=1"], { input: text, encoding: "utf8", maxBuffer: 1 << 28 });
    if (result.status !== 0) throw new Error(`psql: ${result.stderr}`);
    return result.stdout.trim();
  }
}
