import { queryOptions } from "@tanstack/react-query";
import { take, tollgate } from "~/api/client";

type Json = Record<string, unknown>;

/** Enough to make an example from; longer documents are for machines. */
const longest = 512 * 1024;

/** The API's own document as data, or null when it is too long or cannot be read here. */
export const documentQuery = (organization: string, api: string) =>
  queryOptions({
    queryKey: ["catalog", "document", organization, api],
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    queryFn: async (): Promise<Json | null> => {
      const text = await take(
        tollgate.GET("/marketplace/listings/{organization}/{api}/openapi", { params: { path: { organization, api } }, parseAs: "text" }) as Promise<{ data?: string; response: Response }>,
      );
      return text.length > longest ? null : parse(text);
    },
  });

async function parse(text: string): Promise<Json | null> {
  try {
    return record(JSON.parse(text));
  } catch {
    const { parse: parseYaml } = await import("yaml");
    return record(parseYaml(text, { maxAliasCount: 100 }));
  }
}

const record = (value: unknown): Json | null => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

interface Parameter {
  name: string;
  in: string;
  required: boolean;
  /** From the document's own example, default or values; undefined when it gives none. */
  example: string | undefined;
  schema: Json;
}

/** Follows `#/…` once; references to elsewhere are never followed. */
function resolve(document: Json, value: unknown): Json | null {
  const node = record(value);
  const reference = node?.$ref;
  if (typeof reference !== "string") return node;
  if (!reference.startsWith("#/")) return null;
  return record(reference.slice(2).split("/").reduce<unknown>((at, part) => record(at)?.[part.replaceAll("~1", "/").replaceAll("~0", "~")], document));
}

export function parametersOf(document: Json, path: string, method: string): Parameter[] {
  const item = record(record(document.paths)?.[path]);
  const operation = record(item?.[method.toLowerCase()]);
  const found = new Map<string, Parameter>();
  for (const each of [...list(item?.parameters), ...list(operation?.parameters)]) {
    const parameter = resolve(document, each);
    if (typeof parameter?.name !== "string" || typeof parameter.in !== "string") continue;
    // OpenAPI 2.0 has the schema's words on the parameter itself.
    const schema = resolve(document, parameter.schema) ?? parameter;
    const value = parameter.example ?? record(Object.values(record(parameter.examples) ?? {})[0])?.value ?? schema.example ?? schema.default ?? list(schema.examples)[0] ?? list(schema.enum)[0];
    const plain = typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
    found.set(`${parameter.in} ${parameter.name}`, { name: parameter.name, in: parameter.in, required: parameter.required === true || parameter.in === "path", example: plain, schema });
  }
  return [...found.values()];
}

/** A value that the schema allows, for a call that is to run as it stands. */
export function valueFor({ name, example, schema }: Parameter): string {
  if (example !== undefined) return example;
  if (schema.type === "integer" || schema.type === "number") {
    const least = typeof schema.minimum === "number" ? schema.minimum : 1;
    return String(Math.max(least, Math.min(1, typeof schema.maximum === "number" ? schema.maximum : 1)));
  }
  if (schema.type === "boolean") return "true";
  if (schema.format === "date") return new Date().toISOString().slice(0, 10);
  if (schema.format === "date-time") return new Date().toISOString();
  return name;
}
