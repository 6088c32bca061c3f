/** The archive behind a URL, as it comes. */

import { takeCredentials } from "../../build-context/url-credentials.js";
import type { ImageProgress } from "../../engine.js";
import { CaissonError, isCaissonError, optionError } from "../../errors.js";
import type { HttpClient, HttpResponse } from "../../oci/http-client.js";

export interface FetchOptions {
  readonly signal: AbortSignal | undefined;
  readonly progress: ((event: ImageProgress) => void) | undefined;
}

/** Tells of progress every so many bytes. */
const STEP = 1 << 20;

/** @throws PATH_NOT_FOUND, OPTION_INVALID, ABORTED */
export async function fetchArchive(http: HttpClient, given: URL, { signal, progress }: FetchOptions): Promise<AsyncIterable<Uint8Array>> {
  const { url, authorization } = takeCredentials(given);
  if (!/^https?:$/.test(url.protocol)) throw optionError("rootfs", url.href, "an http: or https: address");
  const response = await request(http, url, authorization === undefined ? {} : { authorization }, signal);
  if (response.status < 200 || response.status >= 300) {
    await response.body.dump();
    throw unavailable(url, `it answers ${response.status}`);
  }
  const length = Number(response.headers["content-length"]);
  return counted(response.body, url, (current) =>
    progress?.({ id: url.href, status: "downloading", current, ...(length > 0 ? { total: length } : {}) }),
  );
}

async function request(
  http: HttpClient,
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<HttpResponse> {
  try {
    return await http.request({ method: "GET", url: url.href, headers, signal });
  } catch (error) {
    throw isCaissonError(error) ? error : unavailable(url, (error as Error).message, error);
  }
}

async function* counted(source: AsyncIterable<Uint8Array>, url: URL, tell: (current: number) => void): AsyncGenerator<Uint8Array> {
  let current = 0;
  let told = 0;
  tell(0);
  try {
    for await (const chunk of source) {
      current += chunk.byteLength;
      if (current - told >= STEP) {
        told = current;
        tell(current);
      }
      yield chunk;
    }
  } catch (error) {
    throw unavailable(url, `it broke off after ${current} bytes: ${(error as Error).message}`, error);
  }
  tell(current);
}

function unavailable(url: URL, reason: string, cause?: unknown): CaissonError<"PATH_NOT_FOUND"> {
  return new CaissonError("PATH_NOT_FOUND", `${url.href} can't be fetched: ${reason}`, { facts: { path: url.href }, cause });
}
