/** Blobs by digest: the `blobs` directory of an OCI image layout (image-spec image-layout.md). Holds manifests and configurations. */
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { CaissonError } from "../../errors.js";
import { writeAtomically } from "./atomic-file.js";
import { sha256, verifyBytes } from "./digest.js";

export class ContentStore {
  readonly #directory: string;

  /** @param directory the image layout's root */
  constructor(directory: string) {
    this.#directory = directory;
  }

  async put(bytes: Uint8Array): Promise<string> {
    const digest = sha256(bytes);
    await writeAtomically(this.#path(digest), bytes);
    await writeAtomically(path.join(this.#directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    return digest;
  }

  /** @throws STORE_CORRUPT when it is missing or is not what its name says */
  async get(digest: string): Promise<Buffer> {
    try {
      const bytes = await readFile(this.#path(digest));
      verifyBytes(bytes, digest, "A blob of the image store");
      return bytes;
    } catch (cause) {
      throw new CaissonError("STORE_CORRUPT", `The image store has no intact ${digest}`, {
        facts: { path: this.#path(digest) },
        cause,
        remedy: "Remove the image and fetch it again.",
      });
    }
  }

  async remove(digest: string): Promise<void> {
    await rm(this.#path(digest), { force: true });
  }

  #path(digest: string): string {
    const [algorithm = "", hex = ""] = digest.split(":");
    return path.join(this.#directory, "blobs", algorithm, hex);
  }
}
