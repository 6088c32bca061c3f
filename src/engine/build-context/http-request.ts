/** A URL that a build fetches from, with what its secrets know of that host. */
import type { BuildOptions } from "../engine.js";
import { isCaissonError } from "../errors.js";
import type { HttpClient, HttpResponse } from "../oci/http-client.js";
import { readSecret } from "./read-secret.js";
import { takeCredentials } from "./url-credentials.js";

export interface RequestParts {
  readonly http: HttpClient;
  readonly secrets: BuildOptions["secrets"];
  readonly signal: AbortSignal;
}

/** What is wrong with a URL or its answer; the caller knows where it stands. */
export class HttpFailed extends Error {}

/** @param given may have a user's name and password in it. @throws HttpFailed, also for an answer that is none of 2xx, or 304 where the headers allow for it; ABORTED */
export async function getUrl(
  { http, secrets, signal }: RequestParts,
  given: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpResponse> {
  const { url: open, authorization: basic } = takeCredentials(new URL(given));
  const url = open.href;
  const authorization = { ...(basic === undefined ? {} : { authorization: basic }), ...(await authorizationFor(url, secrets)) };
  const response = await http.request({ method: "GET", url, headers: { ...headers, ...authorization }, signal }).catch((error: Error) => {
    if (isCaissonError(error)) throw error;
    throw new HttpFailed(`${url} can't be fetched: ${error.message}`, { cause: error });
  });
  const unchanged = response.status === 304 && headers["if-none-match"] !== undefined;
  if (unchanged || (response.status >= 200 && response.status < 300)) return response;
  await response.body.dump();
  throw new HttpFailed(`${url} answers ${response.status}`);
}

/** Secrets that BuildKit looks for as well: `HTTP_AUTH_HEADER_host`, `HTTP_AUTH_TOKEN_host`. */
async function authorizationFor(url: string, secrets: BuildOptions["secrets"]): Promise<Record<string, string>> {
  const { host, hostname } = new URL(url);
  for (const each of new Set([host, hostname])) {
    const header = await readSecret(secrets?.[`HTTP_AUTH_HEADER_${each}`]);
    if (header) return { authorization: header.toString().trim() };
    const token = await readSecret(secrets?.[`HTTP_AUTH_TOKEN_${each}`]);
    if (token) return { authorization: `Bearer ${token.toString().trim()}` };
  }
  return {};
}
