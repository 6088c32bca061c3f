/**
 * Digests of a context's files, kept between builds: a file whose inode, size, times are what they were is not read again.
 * One file a context, written whole; whoever writes last wins, and nothing is lost but time.
 */
import { createHash } from "node:crypto";
import { createReadStream, readFileSync, type Stats } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";

/** `[inode, size, mtime, ctime, digest]`, times in ms with fractions. */
type Known = readonly [ino: number, size: number, mtimeMs: number, ctimeMs: number, digest: string];

/** A file that changed in the same instant as it was read might change again without its time showing it. */
const SETTLED_MS = 50;
/** Smaller ones are read at once: a stream costs more than the file. */
const SMALL = 1 << 18;
const VERSION = 1;

export class DigestCache {
  readonly #file: string | undefined;
  readonly #known: Map<string, Known>;
  readonly #used = new Map<string, Known>();
  #changed = false;

  private constructor(file: string | undefined, known: Map<string, Known>) {
    this.#file = file;
    this.#known = known;
  }

  /** One that keeps nothing: for a directory that is gone after the build. */
  static forgetful(): DigestCache {
    return new DigestCache(undefined, new Map());
  }

  /** @param directory of the context; @param store where the caches of all contexts are */
  static async open(store: string, directory: string): Promise<DigestCache> {
    const file = path.join(store, `${createHash("sha256").update(directory).digest("hex").slice(0, 32)}.json`);
    const known = await readFile(file, "utf8").then(
      (text) => {
        const { version, files } = JSON.parse(text) as { version: number; files: [string, Known][] };
        return version === VERSION ? files : [];
      },
      () => [],
    );
    return new DigestCache(file, new Map(known));
  }

  /** @param file absolute */
  async digest(file: string, status: Stats): Promise<string> {
    const { ino, size, mtimeMs, ctimeMs } = status;
    const known = this.#known.get(file);
    if (known && known[0] === ino && known[1] === size && known[2] === mtimeMs && known[3] === ctimeMs) {
      this.#used.set(file, known);
      return known[4];
    }
    const digest = size <= SMALL ? createHash("sha256").update(readFileSync(file)).digest("hex") : await digestOf(file);
    if (Date.now() - Math.max(mtimeMs, ctimeMs) > SETTLED_MS) {
      this.#changed = true;
      this.#used.set(file, [ino, size, mtimeMs, ctimeMs, digest]);
    }
    return digest;
  }

  /** Best effort: without it the next build reads the files again. */
  async save(): Promise<void> {
    if (!this.#changed || this.#file === undefined) return;
    this.#changed = false;
    const merged = new Map([...this.#known, ...this.#used]);
    const temporary = `${this.#file}.${process.pid}.tmp`;
    try {
      await mkdir(path.dirname(this.#file), { recursive: true });
      await writeFile(temporary, JSON.stringify({ version: VERSION, files: [...merged] }));
      await rename(temporary, this.#file);
    } catch {
      // A full or read-only disk shows where it matters.
    }
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
