// Counts the operations of each document by walking the parsed object, and compares with what the importer answered (tab-separated lines).
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const [folder, importedFile] = process.argv.slice(2);
const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

function follow(document, item) {
  const all = [item];
  for (let hops = 0; hops < 16 && typeof all.at(-1).$ref === "string" && all.at(-1).$ref.startsWith("#/"); hops++) {
    const next = all.at(-1).$ref.slice(2).split("/")
      .map((token) => decodeURIComponent(token).replaceAll("~1", "/").replaceAll("~0", "~"))
      .reduce((node, token) => node?.[token], document);
    if (!isObject(next)) break;
    all.push(next);
  }
  return Object.assign({}, ...all.reverse());
}

function count(document) {
  let operations = 0;
  for (const [path, item] of Object.entries(isObject(document.paths) ? document.paths : {})) {
    if (path.startsWith("x-") || !isObject(item)) continue;
    const whole = follow(document, item);
    operations += methods.filter((method) => isObject(whole[method])).length;
  }
  return operations;
}

const imported = new Map(readFileSync(importedFile, "utf8").trim().split("\n").slice(1).map((line) => line.split("\t")).map((cells) => [cells[0], cells]));
let wrong = 0;
let total = 0;
for (const file of readdirSync(folder).filter((name) => name.endsWith(".json")).sort()) {
  const expected = count(JSON.parse(readFileSync(join(folder, file), "utf8").replace(/^\uFEFF/, "")));
  const got = imported.get(file)?.[1];
  const wanted = expected === 0 ? "OPENAPI_NO_OPERATION" : String(expected);
  total++;
  if (got !== wanted) {
    wrong++;
    console.error(`${file}: imported ${got}, counted ${wanted}`);
  }
}
console.log(`${total} documents, ${wrong} with another number of operations`);
process.exit(wrong === 0 && total > 0 ? 0 : 1);
