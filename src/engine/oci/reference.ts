/**
 * Image references: parsing, normalising and printing. Pure; the grammar is that of the distribution project's
 * `reference` package (https://pkg.go.dev/github.com/distribution/reference), which docker, containerd and podman share.
 */
import { CaissonError } from "../errors.js";
import { digestProblem } from "./digest.js";

/** A normalised reference: `postgres` is `{ domain: "docker.io", path: "library/postgres" }`. */
export interface ImageReference {
  /** Registry host with its port, if one was given. */
  readonly domain: string;
  /** Repository within the registry. */
  readonly path: string;
  readonly tag?: string | undefined;
  /** `algorithm:hex`. Wins over the tag where both are given. */
  readonly digest?: string | undefined;
}

const defaultDomain = "docker.io";
const officialNamespace = "library";
const maxNameLength = 255;
const maxTagLength = 128;

const domainComponent = "(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])";
const domainPattern = new RegExp(`^(?:${domainComponent}(?:\\.${domainComponent})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const pathComponentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const imageIdPattern = /^[a-f0-9]{64}$/;

/**
 * Parses and normalises a reference.
 * @throws IMAGE_REFERENCE_INVALID with the part that is wrong
 */
export function parseReference(text: string): ImageReference {
  if (typeof text !== "string" || text === "") throw invalid(String(text), "it is empty");
  if (/\s/.test(text)) throw invalid(text, "it contains white space");
  if (imageIdPattern.test(text)) {
    throw invalid(
      text,
      "64 hexadecimal digits are an image id, which can't be a name",
      `To name an image by its digest, write NAME@sha256:${text}`,
    );
  }
  const { name, tag, digest } = splitSuffixes(text);
  if (tag !== undefined) checkTag(text, tag);
  if (digest !== undefined) {
    const problem = digestProblem(digest);
    if (problem !== undefined) throw invalid(text, problem);
  }
  const { domain, path } = splitDomain(name);
  checkName(text, domain, path);
  return { domain, path, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** The full form: `docker.io/library/postgres:16`. */
export function canonicalName(reference: ImageReference): string {
  return repositoryName(reference) + suffixes(reference);
}

/** The form people type: `postgres:16`. Parses to the same reference. */
export function familiarName(reference: ImageReference): string {
  return repositoryName(reference, true) + suffixes(reference);
}

/** The reference with the tag `latest` if it has neither tag nor digest. */
export function withDefaultTag(reference: ImageReference): ImageReference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: "latest" } : reference;
}

/**
 * The reference without tag and digest.
 * @param familiar leave out `docker.io/` and `library/`
 */
export function repositoryName({ domain, path }: Pick<ImageReference, "domain" | "path">, familiar = false): string {
  const full = `${domain}/${path}`;
  if (!familiar || domain !== defaultDomain) return full;
  const components = path.split("/");
  const short = components.length === 2 && components[0] === officialNamespace ? components[1]! : path;
  // docker.io/quay.io/x exists; without its domain it would name a repository of quay.io.
  const reparsed = splitDomain(short);
  return reparsed.domain === domain && reparsed.path === path && !imageIdPattern.test(short) ? short : full;
}

function suffixes({ tag, digest }: ImageReference): string {
  return (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);
}

function splitSuffixes(text: string): { name: string; tag?: string; digest?: string } {
  const at = text.indexOf("@");
  const digest = at === -1 ? {} : { digest: text.slice(at + 1) };
  const rest = at === -1 ? text : text.slice(0, at);
  // A colon before the last slash belongs to a port.
  const colon = rest.indexOf(":", rest.lastIndexOf("/") + 1);
  return colon === -1 ? { name: rest, ...digest } : { name: rest.slice(0, colon), tag: rest.slice(colon + 1), ...digest };
}

function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  const isDomain = slash !== -1 && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  const domain = isDomain ? (first === "index.docker.io" ? defaultDomain : first) : defaultDomain;
  const path = isDomain ? name.slice(slash + 1) : name;
  return { domain, path: domain === defaultDomain && path !== "" && !path.includes("/") ? `${officialNamespace}/${path}` : path };
}

function checkName(text: string, domain: string, path: string): void {
  if (!domainPattern.test(domain)) throw invalid(text, `"${domain}" is not a registry's host`);
  if (path === "") throw invalid(text, "it has no repository name");
  if (path !== path.toLowerCase()) {
    throw invalid(
      text,
      `the repository name "${path}" has upper-case letters`,
      `Write it in lower case: ${text.replace(path, path.toLowerCase())}`,
    );
  }
  for (const component of path.split("/")) {
    if (component === "") throw invalid(text, "a part of the repository name is empty");
    if (!pathComponentPattern.test(component)) {
      throw invalid(
        text,
        `"${component}" is not a valid part of a repository name (letters and digits, with single ".", "_", "__" or dashes between them)`,
      );
    }
  }
  if (path.length > maxNameLength)
    throw invalid(text, `the repository name has ${path.length} characters, at most ${maxNameLength} are allowed`);
}

function checkTag(text: string, tag: string): void {
  if (tag === "") throw invalid(text, "the tag after the colon is empty");
  if (tag.length > maxTagLength) throw invalid(text, `the tag has ${tag.length} characters, at most ${maxTagLength} are allowed`);
  if (!tagPattern.test(tag)) {
    throw invalid(text, `"${tag}" is not a valid tag (letters, digits, "_", "." and "-", not starting with "." or "-")`);
  }
}

function invalid(text: string, problem: string, remedy?: string): CaissonError<"IMAGE_REFERENCE_INVALID"> {
  return new CaissonError("IMAGE_REFERENCE_INVALID", `"${text}" is not a valid image reference: ${problem}`, {
    facts: { reference: text },
    remedy,
  });
}
