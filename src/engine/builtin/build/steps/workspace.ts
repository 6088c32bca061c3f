/** Where the steps of one build write before it becomes a layer: below the session's directory, gone with the build. */
import { randomBytes } from "node:crypto";
import path from "node:path";
import { makeBelow } from "../../containers/make-below.js";
import type { Session } from "../../containers/session.js";
import type { LayerStore } from "../../images/layer-store.js";
import type { LayerTools } from "../../images/layer-tools.js";
import type { Keep } from "../../images/removals.js";

export interface Workspace {
  readonly session: Session;
  readonly layers: LayerStore;
  /** An empty directory: an overlay can't do without a lower one. */
  readonly empty: string;
  /** Seconds: no file in a layer is newer. */
  readonly newest: number | undefined;
  /** Told of each layer before it gets its place in the store, where somebody may be about to remove one that is the same. */
  readonly keep: Keep;
  /** Path of a directory that is not there yet. */
  scratch(): string;
  /** Removes what is there. */
  close(): Promise<void>;
}

export async function openWorkspace(
  session: Session,
  layers: LayerStore,
  tools: LayerTools,
  newest: number | undefined,
  keep: Keep,
): Promise<Workspace> {
  const directory = path.join(session.directory, `build-${randomBytes(4).toString("hex")}`);
  await makeBelow(directory, ["empty"]);
  let count = 0;
  const scratch = () => path.join(directory, String(++count));
  return { session, layers, empty: path.join(directory, "empty"), newest, keep, scratch, close: () => tools.removeTree(directory, true) };
}

/** Directories of layers, lowest first; one that occurs twice counts at its topmost place, since overlay refuses repeats. */
export function layerDirectories(layers: LayerStore, diffIds: readonly string[]): string[] {
  return diffIds.filter((diffId, index) => diffIds.lastIndexOf(diffId) === index).map((diffId) => layers.path(diffId));
}
