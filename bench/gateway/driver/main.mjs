import { parseArgs } from "node:util";
import { compare } from "./compare.mjs";

const { values } = parseArgs({
  options: { quick: { type: "boolean" }, only: { type: "string" }, rounds: { type: "string" }, seconds: { type: "string" } },
});
const numbers = Object.fromEntries(["rounds", "seconds"].filter((name) => values[name]).map((name) => [name, Number(values[name])]));
const only = values.only?.split(",");
await compare({ quick: values.quick, only, ...numbers });
