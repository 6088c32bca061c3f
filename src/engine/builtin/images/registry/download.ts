/** Blobs as streams that survive broken connections: what is missing is asked for again from where it stopped. */
import { CaissonError } from "../../../errors.js";
import type { Repository } from "./repository.js";

/** Connections in a row that brought nothing. */
const FRUITLESS_MAX = 3;

export interface BlobDescriptor {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * The blob's bytes from `offset` on. Not verified: that is the reader's.
 * @throws REGISTRY_*, IMAGE_NOT_FOUND, ABORTED
 */
export async function* downloadBlob(
  repository: Repository,
  { digest, size }: BlobDescriptor,
  offset: number,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  let position = offset;
  let fruitless = 0;
  let cause: unknown;
  while (position < size) {
    if (fruitless === FRUITLESS_MAX) throw cutShort(repository, digest, position, size, cause);
    const before = position;
    try {
      for await (const chunk of openBlob(repository, digest, position, size, signal)) {
        position += chunk.length;
        yield chunk;
      }
      cause = undefined;
    } catch (error) {
      // The request itself was retried already: its failure is final.
      if (error instanceof CaissonError) throw error;
      if (signal?.aborted) throw error;
      cause = error;
    }
    fruitless = position > before ? 0 : fruitless + 1;
  }
}

async function* openBlob(
  repository: Repository,
  digest: string,
  from: number,
  size: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  const { status, body } = await repository.send({
    method: "GET",
    to: `blobs/${digest}`,
    what: `blob ${digest}`,
    headers: from > 0 ? { range: `bytes=${from}-${size - 1}` } : {},
    // 416: it has no more, which is the same as an empty answer.
    expect: from > 0 ? [200, 206, 416] : [200],
    signal,
  });
  if (status === 416) return void (await body.dump());
  // A server that doesn't know ranges begins at the beginning.
  let skip = status === 206 ? 0 : from;
  let left = size - from;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const useful = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - useful.length;
    if (useful.length === 0) continue;
    if (useful.length > left) throw tooLong(repository, digest, size);
    left -= useful.length;
    yield useful;
  }
}

function cutShort(repository: Repository, digest: string, position: number, size: number, cause: unknown): CaissonError {
  return new CaissonError(
    "REGISTRY_ERROR",
    `${repository.registry} stops ${digest} of ${repository.path} after ${position} of ${size} bytes`,
    {
      facts: { registry: repository.registry },
      cause,
      evidence: [`${FRUITLESS_MAX} attempts in a row to get the rest brought nothing`],
      remedy: "The registry's copy is damaged, or something on the way cuts it: push the image again, or use another registry.",
    },
  );
}

function tooLong(repository: Repository, digest: string, size: number): CaissonError {
  return new CaissonError("DIGEST_MISMATCH", `${repository.registry} sends more than the ${size} bytes of ${digest}`, {
    facts: { what: `blob of ${repository.path}`, expected: digest, actual: `more than ${size} bytes` },
  });
}
