/** The mounts of a container: resolved when it is made, released when it is removed. */
import type { BindMountSpec, ImageMountSpec, MountSpec, VolumeMountSpec } from "../../engine.js";
import { cleanTarget, isBelow } from "../../spec/mount-targets.js";
import { parseVolumesFrom } from "../../spec/validate-mounts.js";
import { newVolumeName } from "../../spec/volume-names.js";
import type { ImageStore } from "../images/image-store.js";
import type { VolumeUsers } from "../volumes/volume-service.js";
import type { VolumeStore } from "../volumes/volume-store.js";
import { AnonymousVolume, type VolumeOwner } from "./anonymous-volume.js";
import { checkBindSource } from "./bind-sources.js";
import type { BindMount, ContainerMount, ImageMount, VolumeMount } from "./container-mount.js";
import type { ContainerRecord } from "./container-record.js";

export interface ContainerMountsOptions {
  readonly volumes: VolumeStore;
  readonly images: ImageStore;
  /** @throws CONTAINER_NOT_FOUND */
  readonly find: (container: string) => ContainerRecord;
  /** Told of each volume that was made since there was none of the name. */
  readonly made: (volume: string) => void;
  readonly removed: (volume: string) => void;
  /** Containers outlive the session, and volumes that nobody gave a name their containers: they are in the store like any other. */
  readonly lasting: boolean;
}

export class ContainerMounts {
  readonly #options: ContainerMountsOptions;

  constructor(options: ContainerMountsOptions) {
    this.#options = options;
  }

  /**
   * Gives a new container its mounts; when that fails, it has none, and what was made for it is gone.
   * @throws CONTAINER_NOT_FOUND, IMAGE_NOT_FOUND, PATH_NOT_FOUND, OPTION_INVALID, STORE_UNWRITABLE, DISK_FULL
   */
  async resolve(record: ContainerRecord): Promise<void> {
    const { mounts = [], volumesFrom = [] } = record.spec;
    const declared = record.image.inspect.config.volumes;
    if (mounts.length + volumesFrom.length + declared.length === 0) return;
    const found = new Map<string, ContainerMount>();
    const made: string[] = [];
    try {
      const own = new Set(mounts.map(({ target }) => cleanTarget(target)));
      for (const mount of volumesFrom.flatMap((text) => this.#inherited(text))) if (!own.has(mount.target)) found.set(mount.target, mount);
      await this.#share(record, [...found.values()]);
      for (const mount of mounts) record.mounts.push(await this.#resolve(record, mount, made));
      for (const target of declared.map(cleanTarget)) {
        if (target === "/" || record.mounts.some((mount) => mount.target === target)) continue;
        const volume = await this.#anonymous(record, target, this.#placeOf(record, target), {}, made);
        record.mounts.push({ type: "volume", volume, target, readonly: false, subpath: undefined, fill: true });
      }
    } catch (error) {
      await this.release(record);
      for (const name of made) await this.#options.volumes.remove(name).catch(() => {});
      throw error;
    }
    for (const name of made) this.#options.made(name);
  }

  /**
   * Ends the use of its volumes.
   * @param removal with the anonymous ones, unless others have them
   * @returns containers that are gone, and whose directories nobody needs any more
   */
  async release(record: ContainerRecord, { removal = false } = {}): Promise<readonly VolumeOwner[]> {
    const volumes = record.mounts.flatMap((mount) => (mount.type === "volume" ? [mount.volume] : []));
    record.mounts = [];
    const abandoned = new Set<VolumeOwner>();
    for (const volume of volumes) {
      if (!(volume instanceof AnonymousVolume)) {
        await this.#options.volumes.release(volume.name);
        const going = removal && volume.anonymous && (await this.#options.volumes.remove(volume.name)) === "removed";
        if (going) this.#options.removed(volume.name);
        continue;
      }
      volume.users.delete(record);
      if (volume.owner !== record && volume.owner.removed && !volume.owner.ownVolumes.some(({ users }) => users.size > 0))
        abandoned.add(volume.owner);
    }
    return [...abandoned];
  }

  /** Binds, volumes and images; other containers' tmpfs are nobody else's business. @throws CONTAINER_NOT_FOUND */
  #inherited(text: string): readonly ContainerMount[] {
    const { container, readonly } = parseVolumesFrom(text);
    return this.#options
      .find(container)
      .mounts.filter(({ type }) => type !== "tmpfs")
      .map((mount) => ({ ...mount, readonly: mount.readonly || readonly }));
  }

  async #share(record: ContainerRecord, mounts: readonly ContainerMount[]): Promise<void> {
    const stored: VolumeMount[] = [];
    // Before anything is waited for: until then the other container can't be removed.
    for (const mount of mounts) {
      if (mount.type === "volume" && !(mount.volume instanceof AnonymousVolume)) {
        stored.push({ ...mount, fill: false });
        continue;
      }
      if (mount.type === "volume") (mount.volume as AnonymousVolume).users.add(record);
      record.mounts.push(mount.type === "volume" ? { ...mount, fill: false } : mount);
    }
    for (const mount of stored) {
      await this.#options.volumes.acquire(mount.volume);
      record.mounts.push(mount);
    }
  }

  async #resolve(record: ContainerRecord, mount: MountSpec, made: string[]): Promise<ContainerMount> {
    const target = cleanTarget(mount.target);
    switch (mount.type) {
      case "bind":
        return this.#bind(mount, target);
      case "volume":
        return this.#volume(record, mount, target, made);
      case "tmpfs":
        return { type: "tmpfs", target, readonly: mount.options?.includes("ro") ?? false, spec: { ...mount, target } };
      case "image":
        return this.#image(mount, target);
    }
  }

  async #bind(mount: BindMountSpec, target: string): Promise<BindMount> {
    await checkBindSource(mount);
    const { source, readonly = false, propagation = "rprivate", recursive = true } = mount;
    return { type: "bind", source, target, readonly, propagation, recursive };
  }

  async #volume(record: ContainerRecord, mount: VolumeMountSpec, target: string, made: string[]): Promise<VolumeMount> {
    const { source, readonly = false, noCopy = false, subpath, labels } = mount;
    const place = { type: "volume", target, readonly, subpath, fill: !noCopy } as const;
    if (source === undefined) return { ...place, volume: await this.#anonymous(record, target, "directory", labels, made) };
    const { volume, made: isNew } = await this.#options.volumes.acquire({ name: source, labels });
    if (isNew) made.push(source);
    return { ...place, volume };
  }

  async #anonymous(
    record: ContainerRecord,
    target: string,
    where: AnonymousVolume["place"],
    labels: Readonly<Record<string, string>> | undefined,
    made: string[],
  ): Promise<VolumeMount["volume"]> {
    if (!this.#options.lasting) return new AnonymousVolume(record, target, where, labels);
    const { volume } = await this.#options.volumes.acquire({ name: newVolumeName(), labels, anonymous: true });
    made.push(volume.name);
    return volume;
  }

  async #image({ source, subpath }: ImageMountSpec, target: string): Promise<ImageMount> {
    const image = await this.#options.images.resolve(source);
    return { type: "image", reference: source, image, target, readonly: true, subpath };
  }

  #placeOf(record: ContainerRecord, target: string): AnonymousVolume["place"] {
    const covered = record.spec.readonlyRootfs || record.mounts.some((mount) => isBelow(target, mount.target));
    return covered ? "directory" : "layer";
  }
}

/** What the volume service wants to know of these containers. */
export function volumesOf(records: readonly ContainerRecord[]): VolumeUsers {
  const volumes = (record: ContainerRecord) => record.mounts.flatMap((mount) => (mount.type === "volume" ? [mount.volume] : []));
  return {
    containersWith: (name) =>
      records.filter((record) => volumes(record).some((volume) => volume.name === name)).map((record) => record.name),
    anonymousVolumes: () => {
      const all = new Set(records.flatMap(volumes));
      return [...all].flatMap((volume) => (volume instanceof AnonymousVolume ? [volume.inspect] : []));
    },
  };
}

/** Runs the start of a container while no other starts with a volume that both have in a layer. */
export function inTurnOfVolumes<T>(record: ContainerRecord, start: () => Promise<T>): Promise<T> {
  const volumes = record.mounts.flatMap((mount) => (mount.type === "volume" ? [mount.volume] : []));
  const owners = new Set(
    volumes.flatMap((volume) => (volume instanceof AnonymousVolume && volume.place === "layer" ? [volume.owner] : [])),
  );
  // In one order everywhere, so that two starts never wait for each other.
  const sorted = [...owners].sort((a, b) => (a.id < b.id ? -1 : 1));
  return sorted.reduceRight<() => Promise<T>>((work, owner) => () => owner.volumesTurn.take(work), start)();
}
