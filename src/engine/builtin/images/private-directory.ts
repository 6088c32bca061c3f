/**
 * Directories for the files of images and containers, which nobody else may reach: a program with a set-id bit would give whoever runs
 * it on the host its owner's rights (CVE-2021-41091). Containers need no way through them: mounts begin below.
 */
import { chmod, mkdir, stat } from "node:fs/promises";
import path from "node:path";

const OTHERS = 0o077;

/** Made with its parents, or closed where it was open. @throws NodeJS.ErrnoException */
export async function privateDirectory(directory: string): Promise<void> {
  await mkdir(path.dirname(directory), { recursive: true });
  await mkdir(directory, { mode: 0o700 }).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
    const { mode } = await stat(directory);
    if (mode & OTHERS) await chmod(directory, mode & 0o7777 & ~OTHERS);
  });
}
