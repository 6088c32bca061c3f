/** A file behind a URL: asked for once, and again only by its ETag. With a promised digest nobody is asked before it is needed. */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { getUrl, HttpFailed, type RequestParts } from "../../../build-context/http-request.js";
import { takeCredentials } from "../../../build-context/url-credentials.js";
import type { HttpResponse } from "../../../oci/http-client.js";
import { type CacheStore, keyOf } from "../cache-store.js";

export interface HttpParts extends RequestParts {
  readonly cache: CacheStore;
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

/** As BuildKit names a file whose URL has no path. */
const UNNAMED = "__unnamed__";

/** @param digest as `--checksum` takes it: `sha256:HEX`. @throws HttpFailed, ABORTED */
export async function findHttpFile(parts: HttpParts, given: string, digest: string | undefined): Promise<HttpFile> {
  const url = takeCredentials(new URL(given)).url.href;
  const name = nameOf(url);
  if (digest !== undefined) return { name, key: ["http", name, digest], open: () => download(parts, given, digest) };
  const record = keyOf("http", url);
  const known = parts.cache.recall<HttpRecord>(record);
  const response = await getUrl(parts, given, known ? { "if-none-match": known.etag } : {});
  if (known && response.status === 304) {
    await response.body.dump();
    return { name, key: keyFor(name, known), open: () => download(parts, given, known.digest) };
  }
  const got = await save(parts, response, "sha256");
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

async function download(parts: HttpParts, given: string, promised: string): Promise<Download> {
  const got = await save(parts, await getUrl(parts, given), promised.slice(0, promised.indexOf(":")));
  if (got.digest !== promised)
    throw new HttpFailed(`${takeCredentials(new URL(given)).url.href} has digest ${got.digest}, but ${promised} was promised`);
  return got;
}

async function save({ place, signal }: HttpParts, response: HttpResponse, algorithm: string): Promise<Download> {
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
