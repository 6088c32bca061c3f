/** Manifests and indexes as registries and archives give them (image-spec manifest.md, image-index.md; Docker's schema 2). Pure. */
import { CaissonError } from "../../errors.js";
import { assertDigest } from "../../oci/digest.js";
import {
  dockerManifestV1,
  dockerSignedManifestV1,
  essence,
  isImageConfig,
  isIndex,
  isManifest,
  layerCompression,
} from "../../oci/media-types.js";
import type { PlatformDescriptor } from "../../oci/platform.js";

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly urls?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ImageManifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

export type IndexEntry = Descriptor & PlatformDescriptor;

export interface ImageIndex {
  readonly manifests: readonly IndexEntry[];
}

/**
 * @param mediaType as the server said; the document's own wins
 * @param what names it in errors, e.g. `the manifest of postgres:16`
 * @throws REGISTRY_ERROR when it is neither, or not one of an image
 */
export function parseManifest(bytes: Uint8Array, mediaType: string | undefined, what: string): ImageManifest | ImageIndex {
  const document = parseJson(bytes, what);
  const type = essence(typeof document["mediaType"] === "string" ? document["mediaType"] : (mediaType ?? ""));
  if (type === dockerManifestV1 || type === dockerSignedManifestV1 || document["schemaVersion"] === 1)
    throw invalid(what, "it has Docker's schema 1, which nobody has written since 2017", "Push the image again with a current tool.");
  if (isIndex(type) || (!isManifest(type) && Array.isArray(document["manifests"]))) {
    return { manifests: descriptors(document["manifests"], "manifests", what) };
  }
  const config = descriptor(document["config"], "config", what);
  if (!isImageConfig(config.mediaType)) throw invalid(what, `it is no image: its configuration has the media type ${config.mediaType}`);
  const layers = descriptors(document["layers"], "layers", what);
  for (const layer of layers) layerCompression(layer.mediaType);
  return { config, layers };
}

export function isImageIndex(document: ImageManifest | ImageIndex): document is ImageIndex {
  return "manifests" in document;
}

function parseJson(bytes: Uint8Array, what: string): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
    if (typeof document === "object" && document !== null && !Array.isArray(document)) return document as Record<string, unknown>;
  } catch (cause) {
    throw invalid(what, (cause as Error).message);
  }
  throw invalid(what, "it is no JSON object");
}

function descriptors(value: unknown, field: string, what: string): readonly IndexEntry[] {
  if (!Array.isArray(value)) throw invalid(what, `it has no ${field}`);
  return value.map((item) => descriptor(item, field, what));
}

function descriptor(value: unknown, field: string, what: string): IndexEntry {
  const { mediaType, digest, size } = (value ?? {}) as Partial<Descriptor>;
  if (typeof digest !== "string" || typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    throw invalid(what, `a descriptor in its ${field} has no digest or no size`);
  assertDigest(digest);
  return { ...(value as object), mediaType: typeof mediaType === "string" ? mediaType : "", digest, size };
}

function invalid(what: string, reason: string, remedy?: string): CaissonError<"REGISTRY_ERROR"> {
  return new CaissonError("REGISTRY_ERROR", `${what} can't be used: ${reason}`, { facts: { registry: what }, remedy });
}
