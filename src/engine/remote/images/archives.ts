/** Images as tars: load, save, import. */
import type { Readable } from "node:stream";
import { takeCredentials, withoutCredentials } from "../../build-context/url-credentials.js";
import { imageId } from "../../docker-api/image-json.js";
import type { ImageInspect, ImportOptions, LoadedImage, LoadOptions, SaveOptions } from "../../engine.js";
import { CaissonError, isCaissonError, optionError, UnsupportedError } from "../../errors.js";
import { applyChanges } from "../../oci/config-changes.js";
import { fromOci } from "../../oci/image-config.js";
import { parsePlatform } from "../../oci/platform.js";
import type { DockerClient, DockerRequest } from "../docker-client.js";
import { answerLines, SourceBody } from "./answer-lines.js";
import { configInstructions } from "./config-instructions.js";
import { repositoryAndTag, requestName } from "./image-name.js";
import { transferProgress } from "./transfer-progress.js";

export interface ArchiveParts {
  readonly client: DockerClient;
  readonly inspect: (reference: string) => Promise<ImageInspect>;
}

/** What Docker's loader says of a tar that is no archive of images. */
const INVALID =
  /invalid tar header|unexpected EOF|archive\/tar|repositories: no such file|manifest\.json|invalid archive|not a valid|payload does not match|unrecognized image format|invalid manifest|index\.json|Error processing tar file|no such file or directory|invalid character/i;

/** What daemons say of an address that they can't fetch from. */
const UNAVAILABLE = /dial tcp|no such host|connection refused|connection reset|with status|can't be fetched|bad response/i;

export async function loadImages(
  { client, inspect }: ArchiveParts,
  archive: AsyncIterable<Uint8Array>,
  options: LoadOptions,
): Promise<readonly LoadedImage[]> {
  const body = new SourceBody(archive);
  const request: DockerRequest = { doing: "Loading images", query: { quiet: 0 }, body, signal: options.signal };
  const names: string[] = [];
  try {
    for await (const line of answerLines(client, await client.stream("POST", "/images/load", request), request)) {
      const progress = transferProgress(line, "archive");
      if (progress) options.progress?.(progress);
      names.push(...loadedNames(line.stream ?? ""));
    }
  } catch (error) {
    throw archiveFailure(body.blame(error));
  }
  if (names.length === 0) throw archiveInvalid("the daemon found no image in it", undefined);
  const loaded = new Map<string, string[]>();
  for (const name of names) {
    const { id, references } = await inspect(name);
    const known = loaded.get(id) ?? [];
    if (references.includes(name)) known.push(name);
    else if (!name.startsWith("sha256:")) known.push(...references.filter((each) => requestName(each) === requestName(name)));
    loaded.set(id, known);
  }
  return [...loaded].map(([id, references]) => ({ id, references }));
}

/** `Loaded image: NAME`, `Loaded image ID: sha256:...`; Podman puts several into one line. */
function loadedNames(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [, found] = /^Loaded image(?:\(s\))?(?: ID)?: (.+)$/.exec(line.trim()) ?? [];
    return found === undefined ? [] : found.split(",").map((name) => name.trim());
  });
}

function archiveFailure(error: unknown): unknown {
  if (!isCaissonError(error, "DAEMON_ERROR") || !INVALID.test(error.facts.message)) return error;
  return archiveInvalid(error.facts.message, error);
}

function archiveInvalid(reason: string, cause: unknown): CaissonError<"IMAGE_ARCHIVE_INVALID"> {
  return new CaissonError("IMAGE_ARCHIVE_INVALID", `The daemon can't load this archive: ${reason}`, {
    facts: { path: undefined },
    cause,
    remedy: "Daemons before Docker 25 load archives of `docker save` alone, no OCI layouts.",
  });
}

/** @throws UNSUPPORTED for OCI layouts, which Docker writes since 25 */
export async function saveImages(
  { client, inspect }: ArchiveParts,
  references: readonly string[],
  options: SaveOptions,
): Promise<Readable> {
  if (references.length === 0) throw optionError("references", references, "at least one image");
  if (options.format === "oci" && !client.speaks("1.44"))
    throw new UnsupportedError(
      "remote",
      'save with the format "oci"',
      `the daemon speaks API ${client.version}; those before 1.44 write Docker's own format alone`,
    );
  for (const reference of references) await inspect(reference);
  const request: DockerRequest = {
    doing: `Saving ${references.join(", ")}`,
    query: { names: references.map(requestName) },
    signal: options.signal,
  };
  return (await client.stream("GET", "/images/get", request)).body;
}

export async function importRootfs(
  { client, inspect }: ArchiveParts,
  rootfs: AsyncIterable<Uint8Array> | URL,
  options: ImportOptions,
): Promise<ImageInspect> {
  const { reference, platform, comment, signal, progress } = options;
  const config = applyChanges({ ...fromOci(), ...options.config }, options.changes ?? []);
  if (platform !== undefined) parsePlatform(platform);
  const name = reference === undefined ? undefined : repositoryAndTag(reference);
  // What is shown; the daemon is told all of it.
  const address = rootfs instanceof URL ? takeCredentials(rootfs).url.href : undefined;
  const body = rootfs instanceof URL ? undefined : new SourceBody(rootfs);
  const request: DockerRequest = {
    doing: `Importing ${address ?? "a root file system"}`,
    query: {
      fromSrc: rootfs instanceof URL ? rootfs.href : "-",
      // In one: Podman reads no tag here.
      repo: name && `${name.repository}:${name.tag}`,
      message: comment ?? "Imported",
      platform: client.speaks("1.32") ? platform : undefined,
      changes: configInstructions(config),
    },
    ...(body ? { body } : {}),
    signal,
  };
  let id: string | undefined;
  try {
    for await (const line of answerLines(client, await client.stream("POST", "/images/create", request), request)) {
      const { status = "", progressDetail } = line;
      const { current, total } = progressDetail ?? {};
      if (address !== undefined && current !== undefined)
        progress?.({ id: address, status: "downloading", current, ...(total ? { total } : {}) });
      if (/^(?:sha256:)?[0-9a-f]{64}$/.test(status.trim())) id = imageId(status.trim());
    }
  } catch (error) {
    throw importFailure(body ? body.blame(error) : error, address);
  }
  if (id === undefined) throw client.failure(new Error("the daemon ended without an image"), request);
  return inspect(id);
}

function importFailure(error: unknown, address: string | undefined): unknown {
  if (address !== undefined && isCaissonError(error, "DAEMON_ERROR") && UNAVAILABLE.test(error.facts.message)) {
    const message = withoutCredentials(error.facts.message);
    // Without the daemon's own words as a cause: they may have the password.
    return new CaissonError("PATH_NOT_FOUND", `The daemon can't fetch ${address}: ${message}`, { facts: { path: address } });
  }
  if (
    !isCaissonError(error, "DAEMON_ERROR") ||
    !/archive\/tar|unexpected EOF|invalid tar|Error processing tar file|archive is refused|damaged or cut short/i.test(error.facts.message)
  )
    return error;
  const { message } = error.facts;
  return new CaissonError("LAYER_INVALID", `The root file system is no tar that the daemon can read: ${message}`, {
    facts: { reason: message },
    cause: error,
  });
}
