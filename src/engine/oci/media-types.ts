/**
 * Media types of manifests, indexes, configurations and layers: OCI image-spec media-types.md and Docker's
 * image manifest version 2, schema 2. The two families mean the same and are treated alike.
 */
import { CaissonError } from "../errors.js";

export const ociManifest = "application/vnd.oci.image.manifest.v1+json";
export const ociIndex = "application/vnd.oci.image.index.v1+json";
export const ociConfig = "application/vnd.oci.image.config.v1+json";
export const ociLayer = "application/vnd.oci.image.layer.v1.tar";
export const ociLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
export const ociLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
export const ociForeignLayer = "application/vnd.oci.image.layer.nondistributable.v1.tar";
export const ociForeignLayerGzip = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
export const ociForeignLayerZstd = "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd";

export const dockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
export const dockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
export const dockerConfig = "application/vnd.docker.container.image.v1+json";
export const dockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
export const dockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";
export const dockerLayerZstd = "application/vnd.docker.image.rootfs.diff.tar.zstd";
export const dockerForeignLayerGzip = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
/** Schema 1, which no registry has served by default since 2020; recognised only to say so. */
export const dockerManifestV1 = "application/vnd.docker.distribution.manifest.v1+json";
export const dockerSignedManifestV1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";

/** What a client can read, most wanted first: the `Accept` of a manifest request. */
export const acceptedManifests: readonly string[] = [ociIndex, dockerIndex, ociManifest, dockerManifest];

const layers: Readonly<Record<string, LayerKind>> = {
  [ociLayer]: { compression: "none", foreign: false },
  [ociLayerGzip]: { compression: "gzip", foreign: false },
  [ociLayerZstd]: { compression: "zstd", foreign: false },
  [ociForeignLayer]: { compression: "none", foreign: true },
  [ociForeignLayerGzip]: { compression: "gzip", foreign: true },
  [ociForeignLayerZstd]: { compression: "zstd", foreign: true },
  [dockerLayer]: { compression: "none", foreign: false },
  [dockerLayerGzip]: { compression: "gzip", foreign: false },
  [dockerLayerZstd]: { compression: "zstd", foreign: false },
  [dockerForeignLayerGzip]: { compression: "gzip", foreign: true },
};

export type LayerCompression = "none" | "gzip" | "zstd";

interface LayerKind {
  readonly compression: LayerCompression;
  readonly foreign: boolean;
}

/** A `Content-Type` without its parameters, in lower case. */
export function essence(mediaType: string): string {
  return mediaType.split(";", 1)[0]!.trim().toLowerCase();
}

/** An OCI index or Docker manifest list. */
export function isIndex(mediaType: string): boolean {
  const type = essence(mediaType);
  return type === ociIndex || type === dockerIndex;
}

/** An image manifest of one platform. */
export function isManifest(mediaType: string): boolean {
  const type = essence(mediaType);
  return type === ociManifest || type === dockerManifest;
}

/** A configuration of an image, and not of some other artifact. */
export function isImageConfig(mediaType: string): boolean {
  const type = essence(mediaType);
  return type === ociConfig || type === dockerConfig;
}

/** A layer of a file system, distributable or not. */
export function isLayer(mediaType: string): boolean {
  return kindOf(mediaType) !== undefined;
}

/** A layer that registries don't hold themselves; its descriptor's `urls` say who does. */
export function isForeignLayer(mediaType: string): boolean {
  return kindOf(mediaType)?.foreign === true;
}

/** How a layer is compressed. @throws LAYER_INVALID for the media type of something else than a layer */
export function layerCompression(mediaType: string): LayerCompression {
  const kind = kindOf(mediaType);
  if (kind !== undefined) return kind.compression;
  const reason = `its media type "${mediaType}" is not that of a layer`;
  throw new CaissonError("LAYER_INVALID", `Can't unpack a layer: ${reason}`, {
    facts: { reason },
    evidence: [`known: ${Object.keys(layers).join(", ")}`],
  });
}

function kindOf(mediaType: string): LayerKind | undefined {
  const type = essence(mediaType);
  return Object.hasOwn(layers, type) ? layers[type] : undefined;
}
