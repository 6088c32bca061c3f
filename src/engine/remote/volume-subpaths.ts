/** Parts of volumes as mounts: an older daemon overlooks `Subpath`, and would show all of the volume. */
import type { MountSpec } from "../engine.js";
import { UnsupportedError } from "../errors.js";

/** The version of the API that has `VolumeOptions.Subpath` (moby docs/api/version-history.md). */
export const VOLUME_SUBPATHS_API = "1.45";

/** @param supported as the daemon's version says @throws UNSUPPORTED */
export function checkVolumeSubpaths(mounts: readonly MountSpec[], supported: boolean): void {
  if (supported || !mounts.some((mount) => mount.type === "volume" && mount.subpath !== undefined)) return;
  throw new UnsupportedError("remote", "mounts.subpath", "this daemon mounts whole volumes only", "Use Docker 26 or later.");
}
