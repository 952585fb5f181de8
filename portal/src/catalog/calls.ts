import { parametersOf, valueFor } from "./document";
import type { EndpointLine } from "./EndpointList";

type Document = Record<string, unknown> | null | undefined;

const required = (endpoint: EndpointLine, document: Document) =>
  document ? parametersOf(document, endpoint.path, endpoint.method).filter((each) => each.required && (each.in === "query" || each.in === "path")) : [];

/** How much one has to make up before the call runs. */
function effort(endpoint: EndpointLine, document: Document): number {
  const unknown = required(endpoint, document).filter((each) => each.example === undefined).length;
  const braces = endpoint.path.split("{").length - 1;
  return (endpoint.method.toUpperCase() === "GET" ? 0 : 1000) + 100 * Math.max(unknown, document ? 0 : braces) + 10 * braces + endpoint.path.length / 100;
}

/** The endpoint that is easiest to call: a GET that needs nothing, or whose document gives examples. */
export const easiest = <T extends EndpointLine>(endpoints: readonly T[], document?: Document): T | undefined =>
  endpoints.toSorted((a, b) => effort(a, document) - effort(b, document))[0];

/** A call that can be pasted into a shell. What the document has no example for is filled with what its schema allows, or left to the reader. */
export function curl(gatewayUrl: string, endpoint: EndpointLine | undefined, key: string, document?: Document): string {
  const method = endpoint?.method.toUpperCase() ?? "GET";
  const verb = method === "GET" ? "" : `-X ${method} `;
  const needed = endpoint ? required(endpoint, document) : [];
  const path = needed
    .filter((each) => each.in === "path" && each.example !== undefined)
    .reduce((text, each) => text.replaceAll(`{${each.name}}`, encodeURIComponent(each.example ?? "")), endpoint?.path ?? "/");
  const query = needed.filter((each) => each.in === "query").map((each) => `${encodeURIComponent(each.name)}=${encodeURIComponent(valueFor(each))}`);
  const url = `${gatewayUrl.replace(/\/$/, "")}${path}${query.length > 0 ? `?${query.join("&")}` : ""}`;
  return `curl ${verb}"${url}" \\\n  -H "Authorization: Bearer ${key}"`;
}

export const envName = (slug: string): string => `${slug.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}_KEY`;
