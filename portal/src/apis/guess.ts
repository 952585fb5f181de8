export interface Guess {
  name?: string;
  upstream?: string;
  operations: number | null;
}

const unquote = (text: string): string => text.trim().replace(/^(["'])(.*)\1$/, "$2");
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** What a document seems to say, to fill the form before the server has read it. A guess only: the server decides. */
export function guess(document: string): Guess {
  try {
    const parsed: unknown = JSON.parse(document);
    return isRecord(parsed) ? fromJson(parsed) : { operations: null };
  } catch {
    return fromYaml(document);
  }
}

function fromJson(root: Record<string, unknown>): Guess {
  const info = isRecord(root.info) ? root.info : {};
  const server: unknown = Array.isArray(root.servers) ? root.servers[0] : undefined;
  const host = text(root.host);
  const scheme = Array.isArray(root.schemes) && root.schemes.includes("http") && !root.schemes.includes("https") ? "http" : "https";
  const upstream = isRecord(server) ? text(server.url) : host ? `${scheme}://${host}${text(root.basePath) ?? ""}` : undefined;
  const paths = isRecord(root.paths) ? Object.values(root.paths).filter(isRecord) : [];
  const methods = new Set(["get", "put", "post", "delete", "options", "head", "patch", "trace"]);
  const operations = paths.reduce((sum, path) => sum + Object.keys(path).filter((key) => methods.has(key)).length, 0);
  return { name: text(info.title), upstream: absolute(upstream), operations };
}

/** `info: { title: Weather, version: 1.0.0 }` on one line. */
const inBraces = (of: string, key: string): RegExp => new RegExp(`^${of}:[^\\n]*?\\b${key}:\\s*("[^"\\n]*"|'[^'\\n]*'|[^,}\\n]+)`, "m");

function fromYaml(document: string): Guess {
  const title = /^ {1,8}title:\s*(.+)$/m.exec(document)?.[1] ?? inBraces("info", "title").exec(document)?.[1];
  const url = /^\s*-\s*url:\s*(.+)$/m.exec(document)?.[1] ?? inBraces("servers", "url").exec(document)?.[1];
  return { name: title ? unquote(title) : undefined, upstream: absolute(url ? unquote(url) : undefined), operations: null };
}

const absolute = (url: string | undefined): string | undefined => (url && /^https?:\/\/[^{}]+$/.test(url) ? url.replace(/\/$/, "") : undefined);

/** "Weather & Tides API" becomes "weather-tides-api". */
export function slugOf(name: string): string {
  return name
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40)
    .replace(/-+$/, "");
}
