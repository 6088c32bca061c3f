/** Manifests and configurations written and read: from what the store keeps to what `inspect` shows. */
import type { ImageInspect } from "../../engine.js";
import { fromOci, historyFromOci, type OciImageConfig, parseOciConfig } from "../../oci/image-config.js";
import { ociConfig, ociLayer, ociManifest } from "../../oci/media-types.js";
import { familiarName, parseReference } from "../../oci/reference.js";
import type { ContentStore } from "./content-store.js";
import type { LayerStore } from "./layer-store.js";
import type { ReferenceRecord } from "./reference-store.js";

/** Writes configuration and manifest of an image whose layers are in the store unpacked. */
export async function writeImage(
  content: ContentStore,
  layers: LayerStore,
  config: OciImageConfig,
): Promise<{ manifest: string; config: string }> {
  const bytes = Buffer.from(JSON.stringify(config));
  const digest = await content.put(bytes);
  const descriptors = await Promise.all(
    config.rootfs.diff_ids.map(async (diffId) => ({ mediaType: ociLayer, digest: diffId, size: (await layers.require(diffId)).tarSize })),
  );
  const manifest = {
    schemaVersion: 2,
    mediaType: ociManifest,
    config: { mediaType: ociConfig, digest, size: bytes.length },
    layers: descriptors,
  };
  return { manifest: await content.put(Buffer.from(JSON.stringify(manifest))), config: digest };
}

/** @throws STORE_CORRUPT */
export async function readImage(
  content: ContentStore,
  layers: LayerStore,
  record: ReferenceRecord,
  names: readonly string[],
): Promise<ImageInspect> {
  const oci = parseOciConfig(await content.get(record.config), record.config);
  const config = fromOci(oci.config);
  const unpacked = await Promise.all(oci.rootfs.diff_ids.map((diffId) => layers.require(diffId)));
  return {
    id: record.config,
    references: names.filter((name) => !name.includes("@")).map((name) => familiarName(parseReference(name))),
    created: new Date(oci.created ?? 0),
    size: unpacked.reduce((sum, layer) => sum + layer.bytes, 0),
    labels: config.labels,
    platform: [oci.os, oci.architecture, ...(oci.variant ? [oci.variant] : [])].join("/"),
    digest: record.manifest,
    repoDigests: record.repoDigests,
    config,
    layers: oci.rootfs.diff_ids,
    history: historyFromOci(
      oci.history,
      unpacked.map(({ bytes }) => bytes),
    ),
  };
}
