/** Contexts that are not on this host: git repositories and URLs, fetched to a directory that is gone with the build. */
import { createReadStream } from "node:fs";
import { link, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { checkOutContext, fetching } from "../../../build-context/fetched-context.js";
import { isTar } from "../../../build-context/tar-header.js";
import type { BuildOptions } from "../../../engine.js";
import { decompress } from "../../../oci/decompress.js";
import type { HttpClient } from "../../../oci/http-client.js";
import type { LayerTools } from "../../images/layer-tools.js";
import type { CacheStore } from "../cache-store.js";
import { findHttpFile } from "../remote/http-file.js";

export interface ContextParts {
  readonly cache: CacheStore;
  readonly http: HttpClient;
  readonly tools: LayerTools;
  /** A path for a directory or file that is gone with the build. */
  readonly temporary: () => Promise<string>;
  readonly signal: AbortSignal;
}

/** What was fetched: a directory; or of a URL that is no archive, the file alone. */
export type RemoteContext = { readonly directory: string } | { readonly file: string };

/** Undefined for anything that is no URL. @throws PATH_NOT_FOUND, ABORTED, LAYER_INVALID, DISK_FULL */
export function openRemote(place: string, options: BuildOptions, parts: ContextParts): Promise<RemoteContext | undefined> {
  return fetching(place, async () => {
    const directory = await checkOutContext(place, options, parts.temporary, parts.signal);
    if (directory !== undefined) return { directory };
    return /^https?:\/\//.test(place) ? download(place, options, parts) : undefined;
  });
}

async function download(url: string, { secrets }: BuildOptions, parts: ContextParts): Promise<RemoteContext> {
  const { cache, http, signal, temporary, tools } = parts;
  const found = await findHttpFile({ cache, http, secrets, signal, place: temporary }, url, undefined);
  const { path: file } = await found.open();
  if (!(await isTar(decompress(createReadStream(file))))) return { file };
  const directory = await temporary();
  await tools.unpack(directory, decompress(createReadStream(file)), { signal, keepOwner: false });
  return { directory };
}

/** A URL that is a file alone, as BuildKit shows it to a Dockerfile: under the name `context`. */
export async function directoryOfFile(file: string, { temporary }: ContextParts): Promise<string> {
  const directory = await temporary();
  await mkdir(directory);
  await link(file, path.join(directory, "context"));
  return directory;
}

export function textOfFile(file: string): Promise<string> {
  return readFile(file, "utf8");
}
