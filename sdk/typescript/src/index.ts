import createClient, { type Client, type ClientOptions } from "openapi-fetch";
import type { paths } from "./schema";

export type { components, operations, paths } from "./schema";
export type TollgateClient = Client<paths>;

/** RFC 9457, as every refusal is answered. `code` is stable; `errors` has all field errors at once. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  instance?: string;
  code?: string;
  request_id?: string;
  errors?: { path: string; code: string; message: string }[];
}

/** A client of the Tollgate HTTP API. Give it a `baseUrl` and, outside a browser session, an `Authorization` header. */
export function createTollgateClient(options: ClientOptions = {}): TollgateClient {
  return createClient<paths>({ ...options, headers: { accept: "application/json", ...options.headers } });
}

type JsonOf<T> = T extends { content: { "application/json": infer Body } } ? Body : never;

/** The JSON body that a successful call of an operation answers with. */
export type Answer<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method] extends { responses: infer Responses }
  ? JsonOf<Responses[keyof Responses & (200 | 201)]>
  : never;

/** The JSON body that an operation takes. */
export type Body<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method] extends { requestBody?: infer Request }
  ? JsonOf<NonNullable<Request>>
  : never;
