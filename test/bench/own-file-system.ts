/**
 * A file system for one run of the benchmarks, ext4 with a journal as most have it: on one that others use, too, a figure is also one of
 * what they have deleted (without a journal ext4 passes over freed inodes one by one for minutes: recently_deleted() in fs/ext4/ialloc.c).
 */
import { rm, truncate, writeFile } from "node:fs/promises";
import type { Cleanup } from "../fixtures/cleanup.js";
import { run } from "../fixtures/command.js";

/** Holds two stores of six images of 600 MB, and room to spare; sparse. */
const SIZE_BYTES = 32 * 2 ** 30;

/**
 * Mounts it on `directory`, which is there, empty, until `cleanup`. Needs root and loop devices; where they are missing everything stays
 * on the file system that `directory` is on.
 *
 * @returns what there is to say about it
 */
export async function mountOwnFileSystem(directory: string, cleanup: Cleanup): Promise<string> {
  const image = `${directory}.ext4`;
  cleanup.defer(() => rm(image, { force: true }));
  await writeFile(image, "");
  await truncate(image, SIZE_BYTES);
  try {
    // Inode tables that a thread of the kernel still writes while others measure are written now.
    await run("mkfs.ext4", ["-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image]);
    // Written straight through: a second copy of each page would be half of the machine's memory.
    const device = (await run("losetup", ["--find", "--show", "--direct-io=on", image])).trim();
    try {
      await run("mount", [device, directory]);
      cleanup.defer(() => run("umount", [directory]));
    } finally {
      // Takes effect when nothing is mounted from it any more.
      await run("losetup", ["--detach", device]);
    }
    return "on a fresh ext4 with a journal";
  } catch (error) {
    return `on the file system that is there: ${error instanceof Error ? error.message.trim() : error}`;
  }
}
