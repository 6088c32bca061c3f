/**
 * Blobs by digest: the `blobs` directory of an OCI image layout (image-spec image-layout.md). Holds
 * manifests, configurations, and those layers that could not be packed again byte for byte from where they are unpacked.
 */
import { createReadStream, readFileSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { CaissonError } from "../../errors.js";
import { isDigest, sha256, verified, verifyBytes } from "../../oci/digest.js";
import { writeAtomically } from "./atomic-file.js";
import { inStore } from "./store-failure.js";

export class ContentStore {
  readonly #directory: string;

  /** @param directory the image layout's root */
  constructor(directory: string) {
    this.#directory = directory;
  }

  async put(bytes: Uint8Array): Promise<string> {
    const digest = sha256(bytes);
    // A blob has its name once it is whole: one of this name and size is this one.
    if ((await this.size(digest)) === bytes.byteLength) return digest;
    await writeAtomically(this.path(digest), bytes);
    await writeAtomically(path.join(this.#directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    return digest;
  }

  /** Bytes, or undefined when it isn't here. Files get their name once they are whole. */
  async size(digest: string): Promise<number | undefined> {
    return stat(this.path(digest)).then(
      (file) => file.size,
      () => undefined,
    );
  }

  /** Digests of all blobs. */
  async list(): Promise<readonly string[]> {
    const directory = path.join(this.#directory, "blobs");
    const algorithms = await readdir(directory).catch(() => []);
    const found = await Promise.all(
      algorithms.map(async (algorithm) => (await readdir(path.join(directory, algorithm))).map((hex) => `${algorithm}:${hex}`)),
    );
    return found.flat().filter(isDigest);
  }

  /** Takes a file of this file system, whose digest was checked, as the blob. @throws DISK_FULL, STORE_UNWRITABLE */
  async adopt(file: string, digest: string): Promise<void> {
    const target = this.path(digest);
    await inStore(target, async () => {
      await mkdir(path.dirname(target), { recursive: true });
      await rename(file, target);
    });
  }

  /** Fails at its end with DIGEST_MISMATCH when the file is not what its name says. */
  async *read(digest: string): AsyncGenerator<Buffer> {
    // Opened when it is read: until then nobody would hear of a failure.
    yield* verified(createReadStream(this.path(digest), { highWaterMark: 1 << 20 }), digest, `blob in ${this.path(digest)}`);
  }

  /** @throws STORE_CORRUPT when it is missing or is not what its name says */
  async get(digest: string): Promise<Buffer> {
    try {
      // Manifests and configurations, a few thousand bytes: cheaper than handing them to another thread.
      const bytes = readFileSync(this.path(digest));
      verifyBytes(bytes, digest, "A blob of the image store");
      return bytes;
    } catch (cause) {
      throw new CaissonError("STORE_CORRUPT", `The image store has no intact ${digest}`, {
        facts: { path: this.path(digest) },
        cause,
        remedy: "Remove the image and fetch it again.",
      });
    }
  }

  async remove(digest: string): Promise<void> {
    await rm(this.path(digest), { force: true });
  }

  path(digest: string): string {
    const [algorithm = "", hex = ""] = digest.split(":");
    return path.join(this.#directory, "blobs", algorithm, hex);
  }
}
