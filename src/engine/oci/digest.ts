/**
 * Content digests (`sha256:…`, image-spec descriptor.md "Digests"): checking their form, computing them, and verifying
 * bytes while they stream past.
 */
import { createHash, type Hash } from "node:crypto";
import { CaissonError } from "../errors.js";

/** Digits in hexadecimal of the registered algorithms. */
const hexLengths: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };

/** What is wrong with the form of a digest; `undefined` when nothing is. */
export function digestProblem(text: string): string | undefined {
  const colon = text.indexOf(":");
  if (colon === -1) return `"${text}" is not a digest (algorithm:hexadecimal)`;
  const algorithm = text.slice(0, colon);
  const hex = text.slice(colon + 1);
  const length = Object.hasOwn(hexLengths, algorithm) ? hexLengths[algorithm] : undefined;
  if (length === undefined) return `the digest algorithm "${algorithm}" is not supported (${Object.keys(hexLengths).join(", ")} are)`;
  if (!/^[a-f0-9]*$/.test(hex)) return `the digest "${text}" has characters other than 0-9 and a-f`;
  if (hex.length !== length) return `the digest "${text}" has ${hex.length} digits, ${algorithm} has ${length}`;
  return undefined;
}

/** True for a well-formed digest of a supported algorithm. */
export function isDigest(text: unknown): text is string {
  return typeof text === "string" && digestProblem(text) === undefined;
}

/** Because digests become file names, everything that arrives from outside passes here. @throws IMAGE_REFERENCE_INVALID */
export function assertDigest(text: string): void {
  const problem = digestProblem(text);
  if (problem === undefined) return;
  throw new CaissonError("IMAGE_REFERENCE_INVALID", `Invalid digest: ${problem}`, { facts: { reference: text } });
}

/** `sha256:` + the hash of the bytes in hexadecimal. */
export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** The first 12 digits, as docker prints ids. */
export function shortDigest(digest: string): string {
  const colon = digest.indexOf(":");
  return digest.slice(colon + 1, colon + 13);
}

/** A stream that is hashed while it is read. */
export interface HashingStream {
  readonly stream: AsyncIterable<Buffer>;
  /** Digest of what was read so far: of everything once the stream has ended. */
  digest(): string;
  /** Bytes read so far. */
  size(): number;
}

/** Hashes (with sha256) what flows through. */
export function hashing(source: AsyncIterable<Uint8Array>, algorithm = "sha256"): HashingStream {
  const hash = createHash(algorithm);
  let size = 0;
  const stream = hashThrough(source, hash, (bytes) => {
    size += bytes;
  });
  return { stream, digest: () => `${algorithm}:${hash.copy().digest("hex")}`, size: () => size };
}

/**
 * Passes the bytes on and fails at the end when they don't hash to `expected`.
 * @param what names the content in the error, e.g. `layer of postgres:16`
 * @throws DIGEST_MISMATCH after the last byte
 */
export async function* verified(
  source: AsyncIterable<Uint8Array>,
  expected: string,
  what: string,
): AsyncGenerator<Buffer, void, undefined> {
  assertDigest(expected);
  const hashed = hashing(source, expected.slice(0, expected.indexOf(":")));
  yield* hashed.stream;
  checkDigest(hashed.digest(), expected, what, hashed.size());
}

/** Compares the digest of whole content. @throws DIGEST_MISMATCH, IMAGE_REFERENCE_INVALID */
export function verifyBytes(bytes: Uint8Array, expected: string, what: string): void {
  assertDigest(expected);
  const algorithm = expected.slice(0, expected.indexOf(":"));
  checkDigest(`${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`, expected, what, bytes.byteLength);
}

function checkDigest(actual: string, expected: string, what: string, size: number): void {
  if (actual === expected) return;
  throw new CaissonError("DIGEST_MISMATCH", `The ${what} does not match its digest`, {
    facts: { what, expected, actual },
    evidence: [`expected ${expected}`, `received ${actual} (${size} bytes)`],
  });
}

async function* hashThrough(
  source: AsyncIterable<Uint8Array>,
  hash: Hash,
  count: (bytes: number) => void,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of source) {
    hash.update(chunk);
    count(chunk.byteLength);
    yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}
