/** Contexts that are not on this host: git repositories, and whatever is behind a URL. */
import type { BuildOptions } from "../engine.js";
import { CaissonError } from "../errors.js";
import { checkOut, GitFailed, resolveCommit } from "./git-repository.js";
import { GitSourceInvalid, parseGitSource } from "./git-source.js";
import { HttpFailed } from "./http-request.js";

/**
 * The directory that a git repository's address names; undefined for any other place.
 * @param target gives a directory that is not there yet
 * @throws GitFailed, GitSourceInvalid
 */
export async function checkOutContext(
  place: string,
  { secrets, ssh, buildArgs }: Pick<BuildOptions, "secrets" | "ssh" | "buildArgs">,
  target: () => Promise<string>,
  signal: AbortSignal,
): Promise<string | undefined> {
  // As docker's shorthand, for contexts alone.
  const git = parseGitSource(place.startsWith("github.com/") ? shorthand(place) : place);
  if (!git) return undefined;
  const access = { secrets, ssh, signal };
  const keep = git.keepGitDir ?? isTrue(buildArgs?.["BUILDKIT_CONTEXT_KEEP_GIT_DIR"]);
  const commit = await resolveCommit(git, access);
  return checkOut(git, commit, await target(), keep, access);
}

/** What can't be fetched is a place that is not there. @throws PATH_NOT_FOUND, and what else `work` throws */
export async function fetching<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof GitFailed || cause instanceof GitSourceInvalid || cause instanceof HttpFailed)) throw cause;
    throw new CaissonError("PATH_NOT_FOUND", `The build context ${place} can't be fetched: ${cause.message}`, {
      facts: { path: place },
      cause,
    });
  }
}

function shorthand(place: string): string {
  const [address = "", ...fragment] = place.split("#");
  return [`https://${address.endsWith(".git") ? address : `${address}.git`}`, ...fragment].join("#");
}

function isTrue(text: string | undefined): boolean {
  return ["1", "t", "true"].includes((text ?? "").toLowerCase());
}
