/** Contexts that are not on this host: git repositories and URLs, fetched to a directory that is gone with the build. */
import { createReadStream } from "node:fs";
import { link, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { checkOut, GitFailed, resolveCommit } from "../../../build-context/git-repository.js";
import { GitSourceInvalid, parseGitSource } from "../../../build-context/git-source.js";
import { isTarHeader, TAR_HEADER_BYTES } from "../../../build-context/tar-header.js";
import type { BuildOptions } from "../../../engine.js";
import { CaissonError } from "../../../errors.js";
import { decompress } from "../../../oci/decompress.js";
import type { HttpClient } from "../../../oci/http-client.js";
import type { LayerTools } from "../../images/layer-tools.js";
import type { CacheStore } from "../cache-store.js";
import { findHttpFile, HttpFailed } from "../remote/http-file.js";

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
export async function openRemote(place: string, options: BuildOptions, parts: ContextParts): Promise<RemoteContext | undefined> {
  try {
    // As docker's shorthand, for contexts alone.
    const git = parseGitSource(place.startsWith("github.com/") ? shorthand(place) : place);
    if (git) {
      const access = { secrets: options.secrets, ssh: options.ssh, signal: parts.signal };
      const keep = git.keepGitDir ?? isTrue(options.buildArgs?.["BUILDKIT_CONTEXT_KEEP_GIT_DIR"]);
      const commit = await resolveCommit(git, access);
      return { directory: await checkOut(git, commit, await parts.temporary(), keep, access) };
    }
    return /^https?:\/\//.test(place) ? await download(place, options, parts) : undefined;
  } catch (cause) {
    if (!(cause instanceof GitFailed || cause instanceof GitSourceInvalid || cause instanceof HttpFailed)) throw cause;
    throw new CaissonError("PATH_NOT_FOUND", `The build context ${place} can't be fetched: ${cause.message}`, {
      facts: { path: place },
      cause,
    });
  }
}

function shorthand(place: string): string {
  const [address = "", ...fragment] = place.split("#");
  return [`https://${address.endsWith(".git") ? address : `${address}.git`}`, ...fragment].join("#");
}

function isTrue(text: string | undefined): boolean {
  return ["1", "t", "true"].includes((text ?? "").toLowerCase());
}

async function download(url: string, { secrets }: BuildOptions, parts: ContextParts): Promise<RemoteContext> {
  const { cache, http, signal, temporary, tools } = parts;
  const found = await findHttpFile({ cache, http, secrets, signal, place: temporary }, url, undefined);
  const { path: file } = await found.open();
  if (!(await isArchive(file))) return { file };
  const directory = await temporary();
  await tools.unpack(directory, decompress(createReadStream(file)), { signal, keepOwner: false });
  return { directory };
}

async function isArchive(file: string): Promise<boolean> {
  let head = Buffer.alloc(0);
  for await (const chunk of decompress(createReadStream(file))) {
    head = Buffer.concat([head, chunk]);
    if (head.length >= TAR_HEADER_BYTES) break;
  }
  return isTarHeader(head);
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
