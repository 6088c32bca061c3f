/** A file behind a URL: asked for once, and again only by its ETag. With a promised digest nobody is asked before it is needed. */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { readSecret } from "../../../build-context/read-secret.js";
import { takeCredentials } from "../../../build-context/url-credentials.js";
import type { BuildOptions } from "../../../engine.js";
import { isCaissonError } from "../../../errors.js";
import type { HttpClient, HttpResponse } from "../../../oci/http-client.js";
import { type CacheStore, keyOf } from "../cache-store.js";

export interface HttpParts {
  readonly http: HttpClient;
  readonly cache: CacheStore;
  readonly secrets: BuildOptions["secrets"];
  /** What the URL itself had of a name and a password. */
  readonly basic: string | undefined;
  readonly signal: AbortSignal;
  /** A path for a file that is gone with the build. */
  readonly place: () => Promise<string>;
}

export interface HttpFile {
  /** Of the URL's path. */
  readonly name: string;
  /** Told apart from every other contents and time. */
  readonly key: readonly unknown[];
  open(): Promise<Download>;
}

export interface Download {
  readonly path: string;
  readonly size: number;
  /** `algorithm:hex` */
  readonly digest: string;
  /** Seconds, by Last-Modified; 0 where that is missing. */
  readonly mtime: number;
}

interface HttpRecord {
  readonly etag: string;
  readonly digest: string;
  readonly mtime: number;
}

/** What is wrong with a URL or its answer; the caller knows where it stands. */
export class HttpFailed extends Error {}

/** As BuildKit names a file whose URL has no path. */
const UNNAMED = "__unnamed__";
/** @param digest as `--checksum` takes it: `sha256:HEX`. @throws HttpFailed, ABORTED */
export async function findHttpFile(all: Omit<HttpParts, "basic">, given: string, digest: string | undefined): Promise<HttpFile> {
  const { url: open, authorization: basic } = takeCredentials(new URL(given));
  const url = open.href;
  const parts = { ...all, basic };
  const name = nameOf(url);
  if (digest !== undefined) return { name, key: ["http", name, digest], open: () => download(parts, url, digest) };
  const record = keyOf("http", url);
  const known = parts.cache.recall<HttpRecord>(record);
  const response = await request(parts, url, known ? { "if-none-match": known.etag } : {});
  if (known && response.status === 304) {
    await response.body.dump();
    return { name, key: keyFor(name, known), open: () => download(parts, url, known.digest) };
  }
  const got = await save(parts, url, response, "sha256");
  const { etag } = response.headers;
  if (etag !== undefined) await parts.cache.remember(record, { etag, digest: got.digest, mtime: got.mtime } satisfies HttpRecord);
  return { name, key: keyFor(name, got), open: async () => got };
}

export function isDigest(text: string): boolean {
  return /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/.test(text);
}

function keyFor(name: string, { digest, mtime }: Pick<Download, "digest" | "mtime">): readonly unknown[] {
  return ["http", name, digest, mtime];
}

function nameOf(url: string): string {
  const { pathname } = new URL(url);
  try {
    return path.posix.basename(decodeURIComponent(pathname)) || UNNAMED;
  } catch {
    return path.posix.basename(pathname) || UNNAMED;
  }
}

async function download(parts: HttpParts, url: string, promised: string): Promise<Download> {
  const got = await save(parts, url, await request(parts, url, {}), promised.slice(0, promised.indexOf(":")));
  if (got.digest !== promised) throw new HttpFailed(`${url} has digest ${got.digest}, but ${promised} was promised`);
  return got;
}

async function request(
  { http, secrets, basic, signal }: HttpParts,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<HttpResponse> {
  const authorization = { ...(basic === undefined ? {} : { authorization: basic }), ...(await authorizationFor(url, secrets)) };
  try {
    return await http.request({ method: "GET", url, headers: { ...headers, ...authorization }, signal });
  } catch (error) {
    if (isCaissonError(error)) throw error;
    throw new HttpFailed(`${url} can't be fetched: ${(error as Error).message}`, { cause: error });
  }
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

async function save({ place, signal }: HttpParts, url: string, response: HttpResponse, algorithm: string): Promise<Download> {
  if (response.status < 200 || response.status >= 300) {
    await response.body.dump();
    throw new HttpFailed(`${url} answers ${response.status}`);
  }
  const hash = createHash(algorithm);
  let size = 0;
  const counted = async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      hash.update(chunk);
      size += chunk.byteLength;
      yield chunk;
    }
  };
  const target = await place();
  await pipeline(response.body, counted, createWriteStream(target), { signal });
  const modified = Date.parse(response.headers["last-modified"] ?? "");
  const mtime = Number.isNaN(modified) ? 0 : Math.floor(modified / 1000);
  return { path: target, size, digest: `${algorithm}:${hash.digest("hex")}`, mtime };
}
