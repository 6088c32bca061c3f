/** ADD from a URL: the file's name from the URL, its time from Last-Modified, mode 0600; or the files of a git repository's commit. */

import { ContextTree } from "../../../build-context/context-tree.js";
import { DigestCache } from "../../../build-context/digest-cache.js";
import { checkOut, GitFailed, resolveCommit } from "../../../build-context/git-repository.js";
import { type GitSource, GitSourceInvalid, parseGitSource } from "../../../build-context/git-source.js";
import { HttpFailed } from "../../../build-context/http-request.js";
import { IgnoreFile } from "../../../build-context/ignore-file.js";
import { isGit } from "../../../build-context/remote-source.js";
import { buildFailed } from "../../../dockerfile/build-failed.js";
import { dockerfileError } from "../../../dockerfile/dockerfile-error.js";
import type { InstructionOf } from "../../../dockerfile/instructions.js";
import { keyOf } from "../cache-store.js";
import { DeferredTree } from "../files/deferred-tree.js";
import { SingleFileTree } from "../files/single-file-tree.js";
import { findHttpFile, isDigest } from "../remote/http-file.js";
import type { Selected } from "./copy-selection.js";
import type { StageScope } from "./stage-scope.js";

export interface RemoteOptions {
  readonly checksum?: string | undefined;
  readonly keepGitDir: boolean;
}

type Add = InstructionOf<"COPY" | "ADD">;

/** @throws BUILD_FAILED, DOCKERFILE_INVALID */
export async function findRemote(builder: StageScope, instruction: Add, source: string, options: RemoteOptions): Promise<Selected> {
  const { file } = builder.facts.dockerfile;
  try {
    const git = parseGitSource(source);
    return git ? await repository(builder, git, options) : await webFile(builder, source, options);
  } catch (error) {
    if (error instanceof GitFailed || error instanceof HttpFailed)
      throw buildFailed({ file, instruction }, error.message, { cause: error });
    if (error instanceof GitSourceInvalid)
      throw dockerfileError({ file, line: instruction.line }, `${source}: ${error.message}`, {
        source: instruction.original,
        cause: error,
      });
    throw error;
  }
}

/** Whether a text can be what `--checksum` promises of a source. */
export function isChecksumFor(source: string, checksum: string): boolean {
  return isGit(source) ? /^[0-9a-f]{4,64}$/.test(checksum) : isDigest(checksum);
}

async function webFile({ facts }: StageScope, url: string, { checksum }: RemoteOptions): Promise<Selected> {
  const { images, cache, options, signal, workspace } = facts;
  const parts = { http: images.registries.http, cache, secrets: options.secrets, signal, place: async () => (await workspace()).scratch() };
  const found = await findHttpFile(parts, url, checksum);
  const { name } = found;
  const tree = new DeferredTree(keyOf(found.key), async () => {
    const { path, size, digest, mtime } = await found.open();
    return new SingleFileTree({ name, mode: 0o600, mtime, content: { path, size, digest } });
  });
  return { tree, path: name, name, isDirectory: false, parents: [] };
}

async function repository({ facts }: StageScope, source: GitSource, { checksum, keepGitDir }: RemoteOptions): Promise<Selected> {
  const { options, signal, workspace } = facts;
  if (checksum !== undefined && source.checksum !== undefined && checksum !== source.checksum)
    throw new GitSourceInvalid(`checksum conflicts: "${checksum}" and "${source.checksum}"`);
  const access = { secrets: options.secrets, ssh: options.ssh, signal };
  const promised = { ...source, checksum: checksum ?? source.checksum };
  const keep = source.keepGitDir ?? keepGitDir;
  const commit = await resolveCommit(promised, access);
  const key = keyOf("git", commit, source.directory, keep, source.submodules, keep ? source.remote : "");
  const tree = new DeferredTree(key, async () => {
    const directory = await checkOut(promised, commit, (await workspace()).scratch(), keep, access);
    return new ContextTree(directory, IgnoreFile.parse(""), DigestCache.forgetful());
  });
  return { tree, path: "", name: "", isDirectory: true, parents: [] };
}
