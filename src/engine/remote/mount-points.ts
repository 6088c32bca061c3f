/** Changes of a container's files without the directories that the daemon made to mount something on. Pure. */
import type { FileChange } from "../engine.js";

/** @param targets of mounts, absolute */
export function withoutMountPoints(changes: readonly FileChange[], targets: readonly string[]): FileChange[] {
  const leading = (path: string): boolean => targets.some((target) => target === path || target.startsWith(`${path}/`));
  const kept = changes.filter(({ path, kind }) => kind !== "added" || !leading(path));
  // What the container itself put beside a mount shows that the directory above is its own as well, as far as can be told.
  const above = ({ path }: FileChange): boolean => kept.some((other) => other.kind === "added" && other.path.startsWith(`${path}/`));
  return changes.filter((change) => kept.includes(change) || above(change));
}
