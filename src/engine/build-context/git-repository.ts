/** Commits of git repositories, by the program git: which one a ref stands for, and its files. The user's own configuration plays no part. */
import { mkdir, realpath, rm, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { BuildOptions } from "../engine.js";
import type { GitSource } from "./git-source.js";
import { readSecret } from "./read-secret.js";
import { listenForAgent } from "./ssh/agent-socket.js";
import { openAgent } from "./ssh/open-agent.js";
import { takeCredentials } from "./url-credentials.js";

export type GitAccess = Pick<BuildOptions, "secrets" | "ssh"> & { readonly signal: AbortSignal };

interface Remote {
  /** Without what a URL over HTTP has of a name and a password: command lines can be read by everybody, and `.git/config` may be copied. */
  readonly remote: string;
  readonly basic: string | undefined;
}

/** What git could not do, in its own words; the caller knows where it stands. */
export class GitFailed extends Error {}

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** Variables of git that say how to get there; the others speak of repositories that are none of ours. */
const KEPT = /^GIT_(?:SSH|SSH_COMMAND|SSL_\w+|PROXY_\w+|TRACE\w*)$/;

/** The commit that a source stands for now. @throws GitFailed */
export async function resolveCommit(source: GitSource, access: GitAccess): Promise<string> {
  const { ref, checksum } = source;
  const remote = remoteOf(source);
  const commit = ref !== undefined && COMMIT.test(ref) ? ref : await findRef(remote, ref, access);
  if (checksum !== undefined && !commit.startsWith(checksum))
    throw new GitFailed(`${remote.remote} is at commit ${commit}, but ${checksum} was promised`);
  return commit;
}

/** A branch comes before a tag of that name, and a tag stands for what it is put on. */
async function findRef(place: Remote, ref: string | undefined, access: GitAccess): Promise<string> {
  const { remote } = place;
  const wanted = ref ?? "HEAD";
  const names = ["HEAD", "refs/"].some((start) => wanted.startsWith(start))
    ? [wanted]
    : [`refs/heads/${wanted}`, `refs/tags/${wanted}`, `refs/${wanted}`];
  const patterns = names.flatMap((name) => [name, `${name}^{}`]);
  const listed = await withGit(place, undefined, access, (git) => git("ls-remote", remote, ...patterns));
  const found = new Map(listed.split("\n").map((line) => line.split("\t").reverse() as [string, string]));
  for (const name of names) {
    const commit = found.get(`${name}^{}`) ?? found.get(name);
    if (commit !== undefined) return commit;
  }
  throw new GitFailed(`${remote} has no branch, tag or ref ${wanted}`);
}

/**
 * Writes the files of a commit.
 * @param place of a directory that is not there yet
 * @returns the directory that the source names; never outside of the repository
 * @throws GitFailed
 */
export async function checkOut(source: GitSource, commit: string, place: string, keepGitDir: boolean, access: GitAccess): Promise<string> {
  const { ref, directory, submodules } = source;
  const remote = remoteOf(source);
  await mkdir(place, { recursive: true });
  await withGit(remote, place, access, async (git) => {
    await git("init", "--quiet");
    await git("remote", "add", "origin", remote.remote);
    await fetchCommit(git, ref, commit);
    await git("checkout", "--quiet", "--detach", commit);
    if (submodules && (await stat(path.join(place, ".gitmodules")).catch(() => undefined))) {
      await git("submodule", "update", "--quiet", "--init", "--recursive", "--depth=1");
      const modules = keepGitDir ? "" : await git("submodule", "--quiet", "foreach", "--recursive", "pwd");
      for (const each of modules.split("\n").filter(Boolean)) await rm(path.join(each, ".git"), { recursive: true, force: true });
    }
  });
  if (!keepGitDir) await rm(path.join(place, ".git"), { recursive: true });
  return inside(place, directory);
}

/** Not every server gives out commits by their own name: then all of its branches and tags are fetched. */
async function fetchCommit(git: Git, ref: string | undefined, commit: string): Promise<void> {
  const byName = ref !== undefined && !COMMIT.test(ref) ? ref : commit;
  try {
    await git("fetch", "--quiet", "--depth=1", "--no-tags", "origin", commit);
  } catch (error) {
    if (byName !== commit) await git("fetch", "--quiet", "--depth=1", "--no-tags", "origin", byName);
    const there = await git("cat-file", "-e", `${commit}^{commit}`).then(
      () => true,
      () => false,
    );
    if (there) return;
    await git("fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*").catch(() => {
      throw error;
    });
  }
}

async function inside(root: string, directory: string): Promise<string> {
  const wanted = path.join(root, path.posix.normalize(`/${directory}`));
  const [real, realRoot] = await Promise.all([realpath(wanted).catch(() => undefined), realpath(root)]);
  const found = real !== undefined && (await stat(real)).isDirectory();
  if (found && (real === realRoot || real.startsWith(`${realRoot}/`))) return real;
  throw new GitFailed(`the repository has no directory ${directory}`);
}

type Git = (...args: string[]) => Promise<string>;

function remoteOf({ remote }: GitSource): Remote {
  if (!/^https?:/.test(remote) || !URL.canParse(remote)) return { remote, basic: undefined };
  const { url, authorization } = takeCredentials(new URL(remote));
  return authorization === undefined ? { remote, basic: undefined } : { remote: url.href, basic: authorization };
}

async function withGit<T>(place: Remote, cwd: string | undefined, access: GitAccess, work: (git: Git) => Promise<T>): Promise<T> {
  const given = access.ssh?.["default"];
  if (given === undefined) return work(await gitFor(place, cwd, access, undefined));
  const agent = await openAgent(given).catch((cause: Error) => {
    throw new GitFailed(`ssh agent default: ${cause.message}`, { cause });
  });
  if (agent.socket !== undefined) return work(await gitFor(place, cwd, access, agent.socket));
  const { socket, close } = await listenForAgent(agent, undefined);
  try {
    return await work(await gitFor(place, cwd, access, socket));
  } finally {
    await close();
  }
}

async function gitFor(place: Remote, cwd: string | undefined, { secrets, signal }: GitAccess, agent: string | undefined): Promise<Git> {
  const { execFile } = await import("node:child_process");
  const run = promisify(execFile);
  const config = {
    "core.hooksPath": "/dev/null",
    "protocol.file.allow": place.remote.startsWith("file://") ? "always" : "user",
    ...(await authorization(place, secrets)),
  };
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_") || KEPT.test(name));
  const env = {
    ...Object.fromEntries(own),
    ...{ GIT_TERMINAL_PROMPT: "0", GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", LC_ALL: "C" },
    ...(agent === undefined ? {} : { SSH_AUTH_SOCK: agent }),
    // Not on the command line, which everybody may read.
    GIT_CONFIG_COUNT: String(Object.keys(config).length),
    ...Object.fromEntries(
      Object.entries(config).flatMap(([name, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, name],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
  return async (...args) => {
    try {
      // Modes of files must not depend on who builds.
      const { stdout } = await run("sh", ["-c", 'umask 022; exec git "$@"', "git", ...args], { cwd, env, signal, maxBuffer: 1 << 26 });
      return stdout;
    } catch (error) {
      signal.throwIfAborted();
      const { code, stderr = "", message } = error as Error & { code?: number; stderr?: string };
      if (code === 127) throw new GitFailed("the program git is not installed", { cause: error });
      const said = stderr.trim().split("\n");
      throw new GitFailed(said.find((line) => line.startsWith("fatal: ")) ?? (said.at(-1) || message), { cause: error });
    }
  };
}

/** Secrets that BuildKit looks for as well: `GIT_AUTH_HEADER`, `GIT_AUTH_TOKEN`, also with `.host` behind. */
async function authorization({ remote, basic }: Remote, secrets: BuildOptions["secrets"]): Promise<Record<string, string>> {
  if (!/^https?:/.test(remote)) return {};
  const { host, origin } = new URL(remote);
  const header = (value: string) => ({ [`http.${origin}/.extraheader`]: `Authorization: ${value}` });
  for (const suffix of [`.${host}`, ""]) {
    const whole = await readSecret(secrets?.[`GIT_AUTH_HEADER${suffix}`]);
    const token = whole ? undefined : await readSecret(secrets?.[`GIT_AUTH_TOKEN${suffix}`]);
    const value =
      whole?.toString().trim() ?? (token && `basic ${Buffer.from(`x-access-token:${token.toString().trim()}`).toString("base64")}`);
    if (value) return header(value);
  }
  return basic === undefined ? {} : header(basic);
}
