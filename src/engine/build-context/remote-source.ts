/** Which sources of ADD are no files of the context. Pure. */
import { parseGitSource } from "./git-source.js";

/** A URL, or a git repository. */
export function isRemote(source: string): boolean {
  return /^https?:\/\//.test(source) || isGit(source);
}

export function isGit(source: string): boolean {
  try {
    return parseGitSource(source) !== undefined;
  } catch {
    return true; // a repository all right, and what is wrong is said later
  }
}
