/**
 * The volumes of one data root: a directory each, with `volume.json`, which says what was asked for and never changes, and
 * `_data`. A directory appears and goes as a whole, by a rename.
 */
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { VolumeSpec } from "../../engine.js";
import { CaissonError } from "../../errors.js";
import { isVolumeName, newVolumeName } from "../../spec/volume-names.js";
import { privateDirectory } from "../images/private-directory.js";
import { inStore } from "../images/store-failure.js";
import type { VolumeLocks } from "./volume-locks.js";

export interface WantedVolume extends VolumeSpec {
  /** Nobody gave it its name. @default of one without a name */
  readonly anonymous?: boolean | undefined;
}

export interface StoredVolume {
  readonly name: string;
  readonly created: Date;
  readonly anonymous: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** Where its files are. */
  readonly data: string;
}

/** Names of volumes are not like this, so no list shows it. */
const MAKING = ".making-";
/** What was left by a process that died in the middle is older. */
const MAKING_MS = 60_000;
/** How often a volume may be removed under the hands of somebody who wants to have it. */
const TRIES = 100;

export class VolumeStore {
  readonly #directory: string;
  readonly #locks: VolumeLocks;
  /** What containers of this process have: the lock is taken with the first, and given back with the last. */
  readonly #users = new Map<string, { count: number; readonly held: Promise<boolean> }>();

  constructor(directory: string, locks: VolumeLocks) {
    this.#directory = directory;
    this.#locks = locks;
  }

  /** Makes a volume unless there is one of that name. @returns it, and whether it is new. @throws STORE_UNWRITABLE, DISK_FULL */
  async make({
    name,
    labels = {},
    options = {},
    anonymous = name === undefined,
  }: WantedVolume): Promise<{ readonly volume: StoredVolume; readonly made: boolean }> {
    const known = name === undefined ? undefined : await this.find(name);
    if (known) return { volume: known, made: false };
    const chosen = name ?? newVolumeName();
    const place = path.join(this.#directory, chosen);
    const making = path.join(this.#directory, `${MAKING}${randomBytes(6).toString("hex")}`);
    await inStore(place, async () => {
      await privateDirectory(this.#directory);
      try {
        await mkdir(path.join(making, "_data"), { recursive: true });
        await chmod(path.join(making, "_data"), 0o755);
        const record = { created: new Date().toISOString(), anonymous, labels, options };
        await writeFile(path.join(making, "volume.json"), JSON.stringify(record));
        await rename(making, place);
      } catch (error) {
        await rm(making, { recursive: true, force: true });
        const taken = ["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "");
        if (!taken) throw error;
      }
    });
    const volume = await this.find(chosen);
    return volume ? { volume, made: true } : this.make({ name: chosen, labels, options, anonymous });
  }

  async find(name: string): Promise<StoredVolume | undefined> {
    if (!isVolumeName(name)) return undefined;
    try {
      const record = JSON.parse(await readFile(this.#lock(name), "utf8")) as Omit<StoredVolume, "name" | "data" | "created"> & {
        readonly created: string;
      };
      const { created, ...rest } = record;
      const data = rest.options["device"] ?? path.join(this.#directory, name, "_data");
      return { ...rest, name, created: new Date(created), data };
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
      throw new CaissonError("STORE_CORRUPT", `The volume ${name} can't be read: ${(error as Error).message}`, {
        facts: { path: this.#lock(name) },
        cause: error,
      });
    }
  }

  /** By name. */
  async list(): Promise<readonly StoredVolume[]> {
    const names = await readdir(this.#directory).catch(() => []);
    const volumes = await Promise.all(names.sort().map((name) => this.find(name)));
    return volumes.filter((volume) => volume !== undefined);
  }

  /** In order: whether containers of any process have a volume. */
  async inUse(names: readonly string[]): Promise<readonly boolean[]> {
    return this.#locks.held(names.map((name) => this.#lock(name)));
  }

  /** Has a volume for a container, made where there is none: nobody can remove it until {@link release}. */
  async acquire(spec: WantedVolume & { readonly name: string }): Promise<{ readonly volume: StoredVolume; readonly made: boolean }> {
    for (let tries = 0; tries < TRIES; tries++) {
      const { volume, made } = await this.make(spec);
      if (await this.#hold(spec.name)) return { volume, made };
    }
    throw new CaissonError("VOLUME_NOT_FOUND", `Volume ${spec.name} is removed again and again by another process`, {
      facts: { volume: spec.name },
    });
  }

  async release(name: string): Promise<void> {
    const use = this.#users.get(name);
    if (!use || --use.count > 0) return;
    this.#users.delete(name);
    await this.#locks.letGo(this.#lock(name));
  }

  remove(name: string): Promise<"removed" | "held" | "missing"> {
    return this.#locks.removeUnlessHeld(path.join(this.#directory, name), this.#lock(name));
  }

  /** Removes what processes left behind that died while they made a volume. */
  async sweep(): Promise<void> {
    const names = await readdir(this.#directory).catch(() => []);
    for (const name of names.filter((each) => each.startsWith(MAKING))) {
      const directory = path.join(this.#directory, name);
      const { mtimeMs = Date.now() } = (await stat(directory).catch(() => undefined)) ?? {};
      if (Date.now() - mtimeMs > MAKING_MS) await rm(directory, { recursive: true, force: true });
    }
  }

  /** False when it was removed before we had it. */
  async #hold(name: string): Promise<boolean> {
    const use = this.#users.get(name) ?? { count: 0, held: this.#locks.hold(this.#lock(name)) };
    use.count++;
    this.#users.set(name, use);
    const held = await use.held.catch((error: unknown) => {
      this.#forget(name, use);
      throw error;
    });
    if (!held) this.#forget(name, use);
    return held;
  }

  #forget(name: string, use: object): void {
    if (this.#users.get(name) === use) this.#users.delete(name);
  }

  #lock(name: string): string {
    return path.join(this.#directory, name, "volume.json");
  }
}
