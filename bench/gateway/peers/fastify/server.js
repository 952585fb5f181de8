// Key check, two rate limits and a buffered usage log on Fastify with its own plugins.
import { createWriteStream, readFileSync } from "node:fs";
import Fastify from "fastify";
import proxy from "@fastify/http-proxy";
import rateLimit from "@fastify/rate-limit";

const [port, upstream, keyFile, logFile] = process.argv.slice(2);
const subscriptions = new Map(readFileSync(keyFile, "utf8").trim().split("\n").map((key, index) => [key, `sub_${index + 1}`]));
const log = createWriteStream(logFile, { highWaterMark: 1 << 16 });
let batch = [];
setInterval(() => { if (batch.length > 0) { log.write(batch.join("")); batch = []; } }, 100);

const app = Fastify({ logger: false, keepAliveTimeout: 3_600_000 });
await app.register(rateLimit, { global: false });
const keyGenerator = (request) => request.subscription;
app.decorateRequest("subscription", null);
app.addHook("onRequest", async (request, reply) => {
  request.subscription = subscriptions.get(request.headers["x-api-key"]);
  if (request.subscription === undefined) return reply.code(401).send();
  delete request.raw.headers["x-api-key"];
});
app.addHook("onResponse", async (request, reply) => {
  batch.push(`${Date.now()} ${request.id} ${request.subscription} ${request.method} ${request.url} ${reply.statusCode} ${reply.elapsedTime}\n`);
});
await app.register(proxy, {
  upstream,
  preHandler: [
    app.rateLimit({ max: 1_000_000, timeWindow: 1_000, cache: 20_000, keyGenerator }),
    app.rateLimit({ max: 1_000_000_000, timeWindow: 2_147_483_647, cache: 20_000, keyGenerator }),
  ],
  undici: { connections: 64, pipelining: 1 },
});
await app.listen({ host: "127.0.0.1", port: Number(port), backlog: 1024 });
