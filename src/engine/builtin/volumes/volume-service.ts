/** The contract's VolumeService: the volumes of the data root, and those that containers of this engine have for themselves. */
import type { VolumeInspect, VolumeListOptions, VolumePruneOptions, VolumePruneResult, VolumeService, VolumeSpec } from "../../engine.js";
import { CaissonError } from "../../errors.js";
import { passesPrune } from "../../filters.js";
import { differ, matches, validateVolume } from "../../spec/validate-volume.js";
import { checkVolumeOptions } from "./volume-options.js";
import type { StoredVolume, VolumeStore } from "./volume-store.js";

export interface VolumeServiceOptions {
  readonly store: VolumeStore;
  /** What this engine's containers know of volumes. */
  readonly containers: () => VolumeUsers;
  readonly emit: (action: "create" | "destroy", name: string) => void;
  /** Bytes of the files in a directory. */
  readonly sizeOf: (directory: string) => Promise<number>;
}

export interface VolumeUsers {
  /** Names of the containers that have a volume. */
  containersWith(volume: string): readonly string[];
  /** Volumes that go with their containers. */
  anonymousVolumes(): readonly VolumeInspect[];
}

export class BuiltinVolumes implements VolumeService {
  readonly #options: VolumeServiceOptions;

  constructor(options: VolumeServiceOptions) {
    this.#options = options;
  }

  async create(spec: VolumeSpec = {}): Promise<VolumeInspect> {
    validateVolume(spec);
    checkVolumeOptions(spec.options ?? {});
    const { volume, made } = await this.#options.store.make(spec);
    const differs = !made && (differ(spec.labels, volume.labels) || differ(spec.options, volume.options));
    if (differs) {
      throw new CaissonError("VOLUME_NAME_TAKEN", `There is a volume ${volume.name} already, made with other labels or options`, {
        facts: { volume: volume.name },
        evidence: [`It has labels ${JSON.stringify(volume.labels)} and options ${JSON.stringify(volume.options)}.`],
        remedy: "Choose another name, remove that volume, or leave labels and options out to take it as it is.",
      });
    }
    if (made) this.#options.emit("create", volume.name);
    return (await this.#describe([volume]))[0]!;
  }

  async inspect(volume: string): Promise<VolumeInspect> {
    const anonymous = this.#anonymous(volume);
    if (anonymous) return anonymous;
    const stored = await this.#options.store.find(volume);
    if (!stored) throw notFound(volume);
    return (await this.#describe([stored]))[0]!;
  }

  async list({ labels = {}, name = "", dangling }: VolumeListOptions = {}): Promise<readonly VolumeInspect[]> {
    const volumes = [...(await this.#describe(await this.#options.store.list())), ...this.#options.containers().anonymousVolumes()];
    return volumes
      .filter((volume) => volume.name.includes(name) && matches(volume.labels, labels))
      .filter((volume) => dangling === undefined || volume.inUse !== dangling)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async remove(volume: string, { force = false }: { readonly force?: boolean | undefined } = {}): Promise<void> {
    if (this.#anonymous(volume)) throw this.#inUse(volume);
    if (!(await this.#options.store.find(volume))) {
      if (force) return;
      throw notFound(volume);
    }
    const result = await this.#options.store.remove(volume);
    if (result === "held") throw this.#inUse(volume);
    if (result === "missing" && !force) throw notFound(volume);
    if (result === "removed") this.#options.emit("destroy", volume);
  }

  async prune({ labels = {}, filters = {}, all = false }: VolumePruneOptions = {}): Promise<VolumePruneResult> {
    const { store, emit, sizeOf } = this.#options;
    const candidates = (await store.list()).filter(
      (volume) => (all || volume.anonymous) && matches(volume.labels, labels) && passesPrune(volume, filters),
    );
    const held = await store.inUse(candidates.map(({ name }) => name));
    const removed: string[] = [];
    let bytes = 0;
    for (const { name, data, options } of candidates.filter((_, index) => !held[index])) {
      // What is elsewhere stays there.
      const size = options["device"] === undefined ? await sizeOf(data) : 0;
      if ((await store.remove(name)) !== "removed") continue;
      emit("destroy", name);
      removed.push(name);
      bytes += size;
    }
    await store.sweep();
    return { removed, bytes };
  }

  async #describe(volumes: readonly StoredVolume[]): Promise<VolumeInspect[]> {
    const inUse = await this.#options.store.inUse(volumes.map(({ name }) => name));
    return volumes.map(({ name, labels, created, anonymous, data, options }, index) => ({
      ...{ name, labels, created, anonymous, mountpoint: data, options },
      inUse: inUse[index] ?? false,
      usedBy: this.#options.containers().containersWith(name),
    }));
  }

  #anonymous(name: string): VolumeInspect | undefined {
    return this.#options
      .containers()
      .anonymousVolumes()
      .find((volume) => volume.name === name);
  }

  #inUse(volume: string): CaissonError<"VOLUME_IN_USE"> {
    const containers = this.#options.containers().containersWith(volume);
    const who = containers.length > 0 ? containers.join(", ") : "containers of another process";
    return new CaissonError("VOLUME_IN_USE", `Volume ${volume} is used by ${who}`, {
      facts: { volume, containers },
      remedy: "Remove the containers first.",
    });
  }
}

function notFound(volume: string): CaissonError<"VOLUME_NOT_FOUND"> {
  return new CaissonError("VOLUME_NOT_FOUND", `No such volume: ${volume}`, { facts: { volume } });
}
