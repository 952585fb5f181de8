import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    apis: { type: "string" }, keys: { type: "string" },
    quick: { type: "boolean" }, only: { type: "string" }, rounds: { type: "string" }, seconds: { type: "string" }, env: { type: "string", multiple: true },
    load: { type: "string" }, bodies: { type: "boolean" }, allocations: { type: "boolean" }, start: { type: "boolean" }, scale: { type: "boolean" },
    changes: { type: "boolean" }, settings: { type: "boolean" }, profile: { type: "string" },
  },
});
const options = {
  only: values.only?.split(","),
  env: Object.fromEntries((values.env ?? []).map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)])),
};
for (const name of ["rounds", "seconds", "apis", "keys"]) if (values[name]) options[name] = Number(values[name]);

const from = async (name) => (await import(`./${name}.mjs`))[name];
if (values.load) await (await from("latency"))({ ...options, rate: Number(values.load) });
else if (values.bodies) await (await from("bodies"))(options);
else if (values.allocations) await (await from("allocations"))(options);
else if (values.start) await (await from("startup"))(options);
else if (values.scale) await (await from("scale"))(options);
else if (values.changes) await (await from("changes"))(options);
else if (values.settings) await (await from("settings"))(options);
else if (values.profile) await (await from("profile"))({ ...options, file: values.profile });
else await (await from("compare"))({ ...options, quick: values.quick });
