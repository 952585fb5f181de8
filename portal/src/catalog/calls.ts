import type { EndpointLine } from "./EndpointList";

const rank = (each: EndpointLine): number => (each.method.toUpperCase() === "GET" ? 0 : 1000) + 100 * (each.path.split("{").length - 1) + each.path.length;

/** The endpoint that is easiest to call: a GET without parameters in its path, the shortest first. */
export function easiest(endpoints: readonly EndpointLine[]): EndpointLine | undefined {
  return endpoints.toSorted((a, b) => rank(a) - rank(b))[0];
}

/** A call that can be pasted into a shell. Path parameters stay as they are, for the reader to fill in. */
export function curl(gatewayUrl: string, endpoint: EndpointLine | undefined, key: string): string {
  const method = endpoint?.method.toUpperCase() ?? "GET";
  const verb = method === "GET" ? "" : `-X ${method} `;
  const url = `${gatewayUrl.replace(/\/$/, "")}${endpoint?.path ?? "/"}`;
  return `curl ${verb}"${url}" \\\n  -H "Authorization: Bearer ${key}"`;
}

export const envName = (slug: string): string => `${slug.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}_KEY`;
