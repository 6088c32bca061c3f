/** File system errors of the store in the user's terms. */
import { CaissonError } from "../../errors.js";

/** DISK_FULL or STORE_UNWRITABLE where that is what happened; anything else as it is. */
function storeFailure(error: unknown, path: string): unknown {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new CaissonError("DISK_FULL", `No space left for ${path}`, { facts: { path }, cause: error });
  // How Node reports that a recursive mkdir met a read-only file system.
  const madeNoParents = code === "ENOENT" && syscall === "mkdir";
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR" || madeNoParents) {
    return new CaissonError("STORE_UNWRITABLE", `The data root can't be written to: ${(error as Error).message}`, {
      facts: { path },
      cause: error,
      remedy: "Set CAISSON_HOME to a directory that this user can write to.",
    });
  }
  return error;
}

/** Runs file system work on `path` with its errors in the user's terms. */
export async function inStore<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeFailure(error, path);
  }
}
