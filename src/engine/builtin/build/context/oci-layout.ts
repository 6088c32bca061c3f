/** `oci-layout://DIRECTORY[:TAG][@DIGEST]`: an image of an OCI image layout on this host, taken into the store under no name. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { PLAIN_ENTRY, TAR_END } from "../../../build-context/tar-stream-codec.js";
import { tarFile } from "../../../build-context/tree-tar.js";
import { CaissonError, optionError } from "../../../errors.js";
import { hostPlatform, selectManifest } from "../../../oci/platform.js";
import type { ImageStore } from "../../images/image-store.js";
import { type Descriptor, isImageIndex, parseManifest } from "../../images/manifest.js";

const REF_NAME = "org.opencontainers.image.ref.name";

interface LayoutReference {
  readonly directory: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** @returns the image's id. @throws OPTION_INVALID, PATH_NOT_FOUND, IMAGE_*, DIGEST_MISMATCH, LAYER_INVALID, DISK_FULL */
export async function loadLayout(
  option: string,
  text: string,
  platform: string | undefined,
  images: ImageStore,
  signal: AbortSignal,
): Promise<string> {
  const reference = parseLayout(option, text);
  const index = parseManifest(await readPart(reference.directory, "index.json"), undefined, `${reference.directory}/index.json`);
  if (!isImageIndex(index)) throw optionError(option, text, "an OCI image layout: its index.json is no index");
  const { descriptor, manifest } = await choose(option, text, reference, index.manifests, platform);
  const known = await images.resolve(manifest.config.digest).catch(() => undefined);
  if (known) return known.inspect.id;
  const parts = [descriptor, manifest.config, ...manifest.layers];
  const [loaded] = await images.load(layoutTar(reference.directory, descriptor, parts), { signal });
  return loaded!.id;
}

/** A colon after the last slash begins a tag. */
function parseLayout(option: string, text: string): LayoutReference {
  const [, directory = "", tag, digest] = /^([^@]*?)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(text) ?? [];
  if (directory === "") throw optionError(option, text, "oci-layout://DIRECTORY[:TAG][@sha256:DIGEST]");
  return { directory: path.resolve(directory), tag, digest };
}

async function choose(
  option: string,
  text: string,
  { directory, tag, digest }: LayoutReference,
  manifests: readonly Descriptor[],
  platform: string | undefined,
) {
  const wanted = manifests.filter((each) =>
    digest !== undefined ? each.digest === digest : tag !== undefined ? each.annotations?.[REF_NAME] === tag : true,
  );
  const names = manifests.map((each) => each.annotations?.[REF_NAME] ?? each.digest);
  if (wanted.length === 0) throw optionError(option, text, "an image that is in the layout", names);
  let descriptor = selectManifest(wanted, platform ?? hostPlatform(), text);
  for (;;) {
    const document = parseManifest(await readBlob(directory, descriptor.digest), descriptor.mediaType, `manifest ${descriptor.digest}`);
    if (!isImageIndex(document)) return { descriptor, manifest: document };
    descriptor = selectManifest(document.manifests, platform ?? hostPlatform(), text);
  }
}

/** A layout of this image alone, without a name. */
async function* layoutTar(directory: string, descriptor: Descriptor, parts: readonly Descriptor[]): AsyncGenerator<Buffer> {
  const { mediaType, digest, size } = descriptor;
  const index = { schemaVersion: 2, manifests: [{ mediaType, digest, size }] };
  yield* entry("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
  yield* entry("index.json", Buffer.from(JSON.stringify(index)));
  for (const each of new Map(parts.map((part) => [part.digest, part])).values()) {
    yield* entry(blobPath(each.digest), await readBlob(directory, each.digest));
  }
  yield TAR_END;
}

function entry(name: string, bytes: Buffer): AsyncGenerator<Buffer> {
  const header = { ...PLAIN_ENTRY, name, type: "file", mode: 0o644, size: bytes.length } as const;
  return tarFile(header, async function* () {
    yield bytes;
  });
}

function blobPath(digest: string): string {
  return path.posix.join("blobs", digest.replace(":", "/"));
}

function readBlob(directory: string, digest: string): Promise<Buffer> {
  return readPart(directory, blobPath(digest));
}

async function readPart(directory: string, name: string): Promise<Buffer> {
  const file = path.join(directory, name);
  return readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new CaissonError("PATH_NOT_FOUND", `The OCI layout ${directory} can't be read: ${cause.message}`, {
      facts: { path: file },
      cause,
    });
  });
}
