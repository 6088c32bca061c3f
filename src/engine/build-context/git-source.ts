/** URLs of git repositories as ADD, contexts and named contexts take them: `URL[?query][#ref[:directory]]`. Pure. */

export interface GitSource {
  /** What git is given. */
  readonly remote: string;
  /** A branch, a tag, a commit, or a full name below refs/; undefined for the remote's default branch. */
  readonly ref: string | undefined;
  /** Below the repository's root. */
  readonly directory: string;
  /** The commit that it must be, or how that begins. */
  readonly checksum: string | undefined;
  readonly keepGitDir: boolean | undefined;
  readonly submodules: boolean;
}

/** What is wrong with such a URL; the caller knows where it stands. */
export class GitSourceInvalid extends Error {}

/** `user@host:path`, which ssh takes. */
const SCP = /^[\w-]+@[\w.-]+:[^?#]*/;

/** Undefined for anything that names no repository: over HTTP those end with `.git`. @throws GitSourceInvalid for a query that is none */
export function parseGitSource(text: string): GitSource | undefined {
  const [address = "", fragment = ""] = divided(text, "#");
  const [remote = "", query = ""] = divided(address, "?");
  const isRepository =
    /^(?:git|ssh):\/\//.test(remote) ||
    (/^(?:https?|file):\/\//.test(remote) && remote.endsWith(".git")) ||
    (!remote.includes("://") && SCP.test(remote));
  if (!isRepository) return undefined;
  const [ref = "", directory = ""] = divided(fragment, ":");
  return withQuery({ remote, ref: ref || undefined, directory, checksum: undefined, keepGitDir: undefined, submodules: true }, query);
}

function withQuery(source: GitSource, query: string): GitSource {
  let { ref, directory, checksum, keepGitDir, submodules } = source;
  const agree = (what: string, known: string | undefined, value: string): string => {
    if (known !== undefined && known !== "" && known !== value) throw new GitSourceInvalid(`${what} conflicts: "${known}" and "${value}"`);
    return value;
  };
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === "keep-git-dir") keepGitDir = flag(name, value);
    else if (name === "submodules") submodules = flag(name, value);
    else if (value === "") throw new GitSourceInvalid(`query "${name}" has no value`);
    else if (name === "ref") ref = agree("ref", ref, value);
    else if (name === "tag") ref = agree("ref", ref, below("refs/tags/", value));
    else if (name === "branch") ref = agree("ref", ref, below("refs/heads/", value));
    else if (name === "subdir") directory = agree("subdir", directory, value);
    else if (name === "checksum" || name === "commit") checksum = agree("checksum", checksum, value);
    else throw new GitSourceInvalid(`unexpected query "${name}" (ref, tag, branch, subdir, checksum, keep-git-dir, submodules)`);
  }
  return { ...source, ref: ref ?? checksum, directory, checksum, keepGitDir, submodules };
}

function below(prefix: string, name: string): string {
  return name.startsWith(prefix) ? name : prefix + name;
}

function flag(name: string, value: string): boolean {
  if (["", "1", "t", "true"].includes(value.toLowerCase())) return true;
  if (["0", "f", "false"].includes(value.toLowerCase())) return false;
  throw new GitSourceInvalid(`invalid ${name} value: "${value}"`);
}

function divided(text: string, by: string): [string, string?] {
  const at = text.indexOf(by);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
