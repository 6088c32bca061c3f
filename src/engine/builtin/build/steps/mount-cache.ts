/**
 * `RUN --mount=type=cache`: a directory that is kept between builds, by id. It begins empty, or as a copy of what `from` and `source`
 * name; another beginning is another cache, as in BuildKit.
 */
import { createHash, randomBytes } from "node:crypto";
import { chmod, mkdir, rename, stat } from "node:fs/promises";
import path from "node:path";
import { treeTar } from "../../../build-context/tree-tar.js";
import { buildFailed } from "../../../dockerfile/build-failed.js";
import type { InstructionOf } from "../../../dockerfile/instructions.js";
import type { RunMount } from "../../../dockerfile/run-mounts.js";
import { CaissonError } from "../../../errors.js";
import { privateDirectory } from "../../images/private-directory.js";
import { inStore } from "../../images/store-failure.js";
import { type SelectedSource, selectSource } from "./mount-source.js";
import type { OpenMount, ResolvedMount } from "./resolved-mount.js";
import type { StageScope } from "./stage-scope.js";

type Cache = RunMount & { type: "cache" };

/** The directory or file itself: beside it there is room for nothing, so that it appears by a rename. */
const CONTENT = "content";

export async function resolveCache(builder: StageScope, instruction: InstructionOf<"RUN">, mount: Cache): Promise<ResolvedMount> {
  const { facts } = builder;
  const { target, id, from, sharing } = mount;
  const beginning = await beginningOf(builder, instruction, mount);
  const namespace = facts.options.buildArgs?.["BUILDKIT_CACHE_MOUNT_NS"] ?? "";
  const attributes = beginning ? [] : [mount.mode, mount.uid, mount.gid];
  const name = createHash("sha256")
    .update(JSON.stringify([namespace, id, beginning?.digest ?? "", ...attributes]))
    .digest("hex")
    .slice(0, 32);
  const open = async (directory: string): Promise<OpenMount> => {
    const host = await ensureCache(builder, directory, mount, beginning);
    const isDirectory = beginning?.selected.isDirectory ?? true;
    return { mount: { target, source: { kind: "host", path: host, isDirectory }, readonly: mount.readonly } };
  };
  return {
    key: ["cache", target, from ?? "", beginning?.digest ?? ""],
    ...(sharing === "locked" ? { lock: `mount-${name}` } : {}),
    open: () => (sharing === "private" ? openPrivate(builder, name, open) : open(name)),
  };
}

/** Undefined for one that begins empty: without `from`, or where attributes say how the directory is made. */
async function beginningOf(builder: StageScope, instruction: InstructionOf<"RUN">, mount: Cache): Promise<SelectedSource | undefined> {
  const atRoot = path.posix.normalize(`/${mount.source}`) === "/";
  if (mount.from === undefined || mount.from === "scratch") {
    if (atRoot) return undefined;
    throw buildFailed(
      { file: builder.facts.dockerfile.file, instruction },
      `"${mount.source}": not found: a cache begins empty without from=`,
    );
  }
  return atRoot && mount.owned ? undefined : selectSource(builder, instruction, mount);
}

/** The first of its directories that nobody uses now: steps at the same time don't see each other's files. */
async function openPrivate(builder: StageScope, name: string, open: (directory: string) => Promise<OpenMount>): Promise<OpenMount> {
  const { cache } = builder.facts;
  for (let index = 0; ; index++) {
    const directory = index === 0 ? name : `${name}-${index}`;
    const release = await cache.tryExclusive(`mount-${directory}`);
    if (!release) continue;
    try {
      return { ...(await open(directory)), close: release };
    } catch (error) {
      await release();
      throw error;
    }
  }
}

/** @returns its path on this host */
async function ensureCache({ facts }: StageScope, name: string, mount: Cache, beginning: SelectedSource | undefined): Promise<string> {
  const { cache, images, signal } = facts;
  await cache.use(`mount-${name}`);
  const directory = path.join(cache.mounts, name);
  const content = path.join(directory, CONTENT);
  if (await stat(content).catch(() => undefined)) return content;
  const temporary = `${directory}.${randomBytes(6).toString("hex")}.tmp`;
  await inStore(directory, async () => {
    await privateDirectory(cache.mounts);
    if (beginning) {
      const { tree, path: from } = beginning.selected;
      await images.tools.unpack(temporary, treeTar(tree.files(from), CONTENT), { signal });
    } else {
      await mkdir(path.join(temporary, CONTENT), { recursive: true });
      await chmod(path.join(temporary, CONTENT), mount.mode);
      if (mount.uid !== 0 || mount.gid !== 0) await images.tools.chown(path.join(temporary, CONTENT), mount.uid, mount.gid);
    }
    await rename(temporary, directory).catch(async (error: NodeJS.ErrnoException) => {
      await images.tools.removeTree(temporary);
      // Another step was faster: its directory is as good.
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  }).catch(async (error: unknown) => {
    if (error instanceof CaissonError) await images.tools.removeTree(temporary).catch(() => {});
    throw error;
  });
  return content;
}
