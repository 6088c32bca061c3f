/** ADD from a URL: one request, the file's name from the URL, its time from Last-Modified, mode 0600. Git repositories by git. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { buildFailed } from "../build-failure.js";
import { ContextTree } from "../context/context-tree.js";
import { DigestCache } from "../context/digest-cache.js";
import { IgnoreFile } from "../context/ignore-file.js";
import type { InstructionOf } from "../dockerfile/instructions.js";
import { SingleFileTree } from "../files/single-file-tree.js";
import { type Selected, select } from "./copy-selection.js";
import type { StageScope } from "./stage-scope.js";

const run = promisify(execFile);

export interface RemoteOptions {
  readonly checksum?: string | undefined;
  readonly keepGitDir: boolean;
}

/** A URL, or a git repository. */
export function isRemote(source: string): boolean {
  return /^https?:\/\//.test(source) || isGit(source);
}

export function isGit(source: string): boolean {
  return /^(git:\/\/|ssh:\/\/|[\w.-]+@[\w.-]+:)/.test(source) || /^(https?|file):\/\/.*\.git(#.*)?$/.test(source);
}

/** @throws BUILD_FAILED */
export async function fetchRemote(
  builder: StageScope,
  instruction: InstructionOf<"COPY" | "ADD">,
  source: string,
  options: RemoteOptions,
): Promise<Selected[]> {
  const failed = { file: builder.facts.dockerfile.file, instruction };
  const fail = (problem: string, cause?: unknown) => buildFailed(failed, problem, { cause });
  return isGit(source) ? cloned(builder, source, options, fail) : downloaded(builder, source, options, fail);
}

type Fail = (problem: string, cause?: unknown) => Error;

async function downloaded({ facts }: StageScope, url: string, { checksum }: RemoteOptions, fail: Fail): Promise<Selected[]> {
  const { scratch } = await facts.workspace();
  const response = await fetch(url, { signal: facts.signal }).catch((cause: unknown) => {
    throw fail(`${url} can't be fetched: ${((cause as Error).cause as Error | undefined)?.message ?? (cause as Error).message}`, cause);
  });
  if (!response.ok || !response.body) throw fail(`${url} answers ${response.status} ${response.statusText}`);
  const hash = createHash("sha256");
  let size = 0;
  const place = scratch();
  const counted = async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      hash.update(chunk);
      size += chunk.byteLength;
      yield chunk;
    }
  };
  await pipeline(Readable.fromWeb(response.body as never), counted, createWriteStream(place));
  const sha256 = hash.digest("hex");
  if (checksum !== undefined && checksum !== `sha256:${sha256}`)
    throw fail(`${url} has digest sha256:${sha256}, but ${checksum} was promised`);
  const modified = Date.parse(response.headers.get("last-modified") ?? "");
  const name = fileName(url, response.headers.get("content-disposition"));
  if (name === "") throw fail(`${url} names no file: give the destination a name, or the URL a path`);
  const tree = new SingleFileTree({
    name,
    mode: 0o600,
    mtime: Number.isNaN(modified) ? 0 : Math.floor(modified / 1000),
    content: { path: place, size, sha256 },
  });
  return [{ tree, path: name, name, isDirectory: false, parents: [] }];
}

function fileName(url: string, disposition: string | null): string {
  const named = /filename="?([^";]+)"?/i.exec(disposition ?? "")?.[1];
  return path.posix.basename(named ?? decodeURIComponent(new URL(url).pathname));
}

async function cloned({ facts }: StageScope, source: string, { checksum, keepGitDir }: RemoteOptions, fail: Fail): Promise<Selected[]> {
  const { scratch } = await facts.workspace();
  const clone = await cloneRepository(source, scratch(), keepGitDir, facts.signal).catch((cause: unknown) => {
    throw fail(`${source} can't be cloned: ${(cause as Error).message.trim().split("\n").at(-1)}`, cause);
  });
  if (checksum !== undefined && !clone.commit.startsWith(checksum))
    throw fail(`${source} is at commit ${clone.commit}, but ${checksum} was promised`);
  const tree = new ContextTree(clone.directory, IgnoreFile.parse(""), await DigestCache.open(facts.cache.contexts, clone.directory));
  return select(tree, ".", false);
}

/** `URL[#ref[:directory]]`. Needs the program git. */
export async function cloneRepository(
  source: string,
  place: string,
  keepGitDir: boolean,
  signal?: AbortSignal,
): Promise<{ directory: string; commit: string }> {
  const [url = "", fragment = ""] = source.split("#");
  const [ref = "", below = ""] = fragment.split(":");
  await mkdir(place, { recursive: true });
  const git = (...args: string[]) =>
    run("git", ["-c", "protocol.file.allow=always", ...args], { cwd: place, signal, env: { ...process.env, GIT_TERMINAL_PROMPT: "0" } });
  await git("init", "--quiet");
  await git("fetch", "--quiet", "--depth=1", "--no-tags", url, ref === "" ? "HEAD" : ref);
  await git("checkout", "--quiet", "FETCH_HEAD");
  const { stdout } = await git("rev-parse", "HEAD");
  if (!keepGitDir) await rm(path.join(place, ".git"), { recursive: true });
  return { directory: path.join(place, below), commit: stdout.trim() };
}
