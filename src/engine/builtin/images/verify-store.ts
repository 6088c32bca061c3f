/**
 * Reads everything that the store holds again and compares it with its name: blobs by their digest, layers by that of the tar they pack to,
 * images by what they are made of. Changes nothing.
 */
import { errorSummary, throwIfAborted } from "../../errors.js";
import type { StoreProblem, StoreReport } from "../../image-service.js";
import { hashing } from "../../oci/digest.js";
import { parseOciConfig } from "../../oci/image-config.js";
import type { ContentStore } from "./content-store.js";
import type { LayerStore } from "./layer-store.js";
import { isImageIndex, parseManifest } from "./manifest.js";
import type { ReferenceRecord, ReferenceStore } from "./reference-store.js";

export interface VerifiedStore {
  readonly content: ContentStore;
  readonly layers: LayerStore;
  readonly references: ReferenceStore;
}

/** @throws ABORTED */
export async function verifyStore({ content, layers, references }: VerifiedStore, signal?: AbortSignal): Promise<StoreReport> {
  const problems: StoreProblem[] = [];
  const attempt = async (kind: StoreProblem["kind"], name: string, check: () => Promise<void>): Promise<void> => {
    throwIfAborted("verify", signal);
    await check().catch((error: unknown) => {
      throwIfAborted("verify", signal);
      problems.push({ kind, name, reason: errorSummary(error).detail });
    });
  };
  let bytes = 0;
  const read = async (stream: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of stream) {
      throwIfAborted("verify", signal);
      bytes += chunk.byteLength;
    }
  };

  const blobs = await content.list();
  for (const digest of blobs) await attempt("blob", digest, () => read(content.read(digest)));

  const { records, unreadable } = await references.readAll();
  for (const name of unreadable) problems.push({ kind: "image", name, reason: "what is known of it is no JSON" });
  const kept = new Set<string>();
  for (const record of records) {
    await attempt("image", record.name ?? record.config, async () => {
      for (const { diffId, blob } of await layersOf(content, record)) {
        await layers.require(diffId);
        if ((await content.size(blob)) !== undefined) kept.add(diffId);
      }
    });
  }

  const names = await layers.list();
  for (const diffId of names) {
    await attempt("layer", diffId, async () => {
      await layers.require(diffId);
      const { stream, digest } = hashing(await layers.pack(diffId));
      await read(stream);
      // Where the blob is kept, the tar that came was another one than is packed here (layer-blobs.ts).
      if (digest() !== diffId && !kept.has(diffId)) throw new Error(`its files are others: they pack to ${digest()}`);
    });
  }
  return { images: records.length, blobs: blobs.length, layers: names.length, bytes, problems };
}

async function layersOf(content: ContentStore, { config, manifest }: ReferenceRecord): Promise<{ diffId: string; blob: string }[]> {
  const { rootfs } = parseOciConfig(await content.get(config), config);
  const parsed = parseManifest(await content.get(manifest), undefined, manifest);
  if (isImageIndex(parsed)) throw new Error(`${manifest} is an index, no manifest`);
  if (parsed.layers.length !== rootfs.diff_ids.length)
    throw new Error(`the manifest has ${parsed.layers.length} layers, the configuration ${rootfs.diff_ids.length}`);
  return rootfs.diff_ids.map((diffId, index) => ({ diffId, blob: parsed.layers[index]!.digest }));
}
