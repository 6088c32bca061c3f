/** The containers of a data root that outlive their sessions: a file each, beside the directory with the container's own files. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { copyOf } from "../../runtime/plan-rootfs.js";
import type { ContainerRecord } from "../container-record.js";
import { JsonFiles } from "./json-files.js";
import { type KeptContainer, keptContainer, parseKeptContainer } from "./kept-container.js";

export interface LeftContainers {
  /** In the order in which they were made. */
  readonly containers: readonly KeptContainer[];
  /** Directories of containers that were being removed when their engine was killed. */
  readonly abandoned: readonly string[];
  readonly problems: readonly string[];
}

const CONTAINER_ID = /^[0-9a-f]{64}$/;

export class ContainerKeeper {
  readonly #directory: string;
  readonly #files: JsonFiles;

  /** @param root data root */
  constructor(root: string) {
    this.#directory = path.join(root, "containers");
    this.#files = new JsonFiles(this.#directory);
  }

  /** @throws DISK_FULL, STORE_UNWRITABLE */
  save(record: ContainerRecord): Promise<void> {
    return this.#files.save(record.id, () => (record.removed ? undefined : keptContainer(record)));
  }

  forget(id: string): Promise<void> {
    return this.#files.forget(id);
  }

  /** What the files say, and nothing else. */
  async read(): Promise<Pick<LeftContainers, "containers" | "problems">> {
    const { contents, problems } = await this.#files.load();
    const containers: KeptContainer[] = [];
    const broken: string[] = [...problems];
    for (const content of contents) {
      try {
        containers.push(parseKeptContainer(content));
      } catch (error) {
        broken.push(`${this.#directory}: ${(error as Error).message}`);
      }
    }
    return { containers, problems: broken };
  }

  /** What is to be taken up; removals that were cut off are finished. */
  async load(): Promise<LeftContainers> {
    const { containers, problems } = await this.read();
    // Files go first where a container is removed, what says what it was goes last.
    const removed = containers.filter(({ id, starts }) => starts > 0 && !this.hasFiles(id));
    for (const { id } of removed) await this.#files.forget(id);
    const left = containers.filter((container) => !removed.includes(container));
    return {
      containers: left.sort((a, b) => (a.created < b.created ? -1 : 1)),
      // A directory whose file can't be read is nobody's to remove.
      abandoned: problems.length > 0 ? [] : await this.#abandoned(new Set(left.map(({ id }) => id))),
      problems,
    };
  }

  /** Whether a container has written anything, or has run. */
  hasFiles(id: string): boolean {
    return existsSync(path.join(this.#directory, id, "upper"));
  }

  /** Whether what a container has written is in a copy of its image's layers, and not in the layer of an overlay. */
  isCopied({ id, copied }: KeptContainer): boolean {
    return copied ?? existsSync(copyOf(path.join(this.#directory, id)));
  }

  async #abandoned(known: ReadonlySet<string>): Promise<readonly string[]> {
    const names = await readdir(this.#directory).catch(() => []);
    return names.filter((name) => CONTAINER_ID.test(name) && !known.has(name)).map((name) => path.join(this.#directory, name));
  }
}

/** Names of the containers of a data root that stand on an image, whoever's they are. */
export async function keptUsersOf(root: string, imageId: string): Promise<readonly string[]> {
  const { containers } = await new ContainerKeeper(root).read();
  return containers
    .filter(({ image, mounts }) => image.id === imageId || mounts.some((mount) => mount.type === "image" && mount.image.id === imageId))
    .map(({ name }) => name);
}
