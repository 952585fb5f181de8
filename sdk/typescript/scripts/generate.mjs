// Writes src/schema.d.ts from docs/openapi.json (or from the document named as the first argument).
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const source = process.argv[2] ?? here("../../../docs/openapi.json");
if (!existsSync(source)) {
  console.error(`No OpenAPI document at ${source}. Name one: npm run generate -- <file>`);
  process.exit(1);
}

// The generator is a development dependency of the portal: one install serves both.
const require = createRequire(here("../../../portal/package.json"));
const { default: openapiTS, astToString } = require("openapi-typescript");

// .NET describes a number as "integer or string" because it reads both; it only ever writes numbers.
function narrowNumbers(node) {
  if (Array.isArray(node)) return node.forEach(narrowNumbers);
  if (node === null || typeof node !== "object") return;
  if (Array.isArray(node.type) && node.pattern && node.type.includes("string") && node.type.some((t) => t === "integer" || t === "number")) {
    node.type = node.type.filter((t) => t !== "string");
    delete node.pattern;
  }
  Object.values(node).forEach(narrowNumbers);
}

const document = JSON.parse(readFileSync(source, "utf8"));
narrowNumbers(document);
const ast = await openapiTS(document);
writeFileSync(here("../src/schema.d.ts"), `// Generated from docs/openapi.json by \`npm run generate\`. Do not edit.\n${astToString(ast)}`);
console.log(`src/schema.d.ts written from ${source}`);
