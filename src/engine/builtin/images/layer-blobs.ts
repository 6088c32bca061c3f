/** A layer as a blob: the one that is kept, or the tar that is packed again from where the layer is unpacked. */

import { CaissonError } from "../../errors.js";
import { verified } from "../../oci/digest.js";
import type { ContentStore } from "./content-store.js";
import type { LayerStore } from "./layer-store.js";
import type { Descriptor } from "./manifest.js";

/**
 * The bytes that the descriptor promises; fails at the end when they are others.
 * @param diffId the layer's own
 * @throws STORE_CORRUPT when there is neither
 */
export async function readLayerBlob(
  content: ContentStore,
  layers: LayerStore,
  { digest }: Pick<Descriptor, "digest">,
  diffId: string,
): Promise<AsyncIterable<Buffer>> {
  if ((await content.size(digest)) !== undefined) return content.read(digest);
  if (digest === diffId && (await layers.metadata(diffId))) return verified(await layers.pack(diffId), diffId, `layer ${diffId}`);
  throw new CaissonError("STORE_CORRUPT", `The image store has no layer ${digest}`, {
    facts: { path: content.path(digest) },
    remedy: "Remove the image and fetch it again.",
  });
}
