/** The daemon's volumes: the contract's VolumeService over the Docker Engine API. */
import type { ContainerListJson } from "../docker-api/container-json.js";
import { type DiskUsageJson, diskUsageOf } from "../docker-api/disk-usage-json.js";
import { encodeFilters, labelFilters, namePart } from "../docker-api/filters-json.js";
import { type VolumeJson, volumeBody, volumeOf } from "../docker-api/volume-json.js";
import type { VolumeInspect, VolumeListOptions, VolumePruneOptions, VolumePruneResult, VolumeService, VolumeSpec } from "../engine.js";
import { CaissonError, isCaissonError } from "../errors.js";
import { passesPrune } from "../filters.js";
import { differ, validateVolume } from "../spec/validate-volume.js";
import { isVolumeName, newVolumeName } from "../spec/volume-names.js";
import type { DockerClient } from "./docker-client.js";
import type { RemoteSession } from "./lifetime/remote-session.js";
import { withoutSessionLabels } from "./lifetime/session-labels.js";

export interface RemoteVolumesOptions {
  readonly client: DockerClient;
  readonly session: RemoteSession;
}

export class RemoteVolumes implements VolumeService {
  readonly #client: DockerClient;
  readonly #session: RemoteSession;

  constructor({ client, session }: RemoteVolumesOptions) {
    this.#client = client;
    this.#session = session;
  }

  async create(spec: VolumeSpec = {}): Promise<VolumeInspect> {
    validateVolume(spec);
    const name = spec.name ?? newVolumeName();
    if (spec.name !== undefined) {
      const there = await this.#find(name);
      if (there) return checked(spec, there);
    }
    // A volume outlives the session; one that nobody named is in nobody's way after it.
    const json = (labels: VolumeSpec["labels"]) =>
      this.#client.json<VolumeJson>("POST", "/volumes/create", {
        doing: `Creating volume ${name}`,
        volume: name,
        json: volumeBody({ ...spec, name, labels }),
      });
    const made = spec.name === undefined ? await this.#session.creating(spec.labels, json) : await json(spec.labels);
    return known(made, []);
  }

  async inspect(volume: string): Promise<VolumeInspect> {
    const json = await this.#client.json<VolumeJson>("GET", volumePath(volume), { doing: `Inspecting volume ${volume}`, volume });
    return known(json, await this.#usersOf(json.Name));
  }

  async list({ labels, name, dangling }: VolumeListOptions = {}): Promise<readonly VolumeInspect[]> {
    const filters = encodeFilters({
      label: labelFilters(labels),
      name: name === undefined ? undefined : [namePart(name)],
      dangling: dangling === undefined ? undefined : [String(dangling)],
    });
    const [{ Volumes }, containers] = await Promise.all([
      this.#client.json<{ Volumes?: readonly VolumeJson[] | null }>("GET", "/volumes", { doing: "Listing volumes", query: { filters } }),
      this.#client.json<readonly ContainerListJson[]>("GET", "/containers/json", { doing: "Listing containers", query: { all: true } }),
    ]);
    const usersOf = (volume: string): string[] =>
      containers.filter(({ Mounts }) => (Mounts ?? []).some((mount) => mount.Name === volume)).map(nameOf);
    const wanted = Object.entries(labels ?? {});
    return (
      (Volumes ?? [])
        .map((json) => known(json, usersOf(json.Name)))
        // Podman (4.3) lists what one of several filters lets pass.
        .filter((volume) => wanted.every(([label, value]) => (value === true ? label in volume.labels : volume.labels[label] === value)))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
    );
  }

  async remove(volume: string, { force = false }: { readonly force?: boolean | undefined } = {}): Promise<void> {
    // A path is cleaned by the daemon, and leads to another request.
    if (!isVolumeName(volume) && !force) throw new CaissonError("VOLUME_NOT_FOUND", `No such volume: ${volume}`, { facts: { volume } });
    try {
      await this.#client.status("DELETE", volumePath(volume), { doing: `Removing volume ${volume}`, volume, query: { force } });
    } catch (error) {
      if (force && isCaissonError(error, "VOLUME_NOT_FOUND")) return;
      if (!isCaissonError(error, "VOLUME_IN_USE")) throw error;
      const containers = await this.#usersOf(volume);
      const { evidence, remedy } = error;
      throw new CaissonError("VOLUME_IN_USE", `Volume ${volume} is used by ${containers.join(", ")}`, {
        facts: { volume, containers },
        evidence,
        remedy,
      });
    }
  }

  async prune({ labels, filters = {}, all = false }: VolumePruneOptions = {}): Promise<VolumePruneResult> {
    const removed: string[] = [];
    const sizes = await this.#sizes();
    // Daemons differ in what they take for unused and unnamed.
    for (const volume of await this.list({ labels, dangling: true })) {
      const { name, anonymous } = volume;
      if ((!all && !anonymous) || !passesPrune(volume, filters)) continue;
      const gone = await this.remove(name).then(
        () => true,
        (error: unknown) => {
          if (isCaissonError(error, "VOLUME_IN_USE") || isCaissonError(error, "VOLUME_NOT_FOUND")) return false;
          throw error;
        },
      );
      if (gone) removed.push(name);
    }
    return { removed, bytes: removed.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0) };
  }

  async #sizes(): Promise<ReadonlyMap<string, number>> {
    const usage = await this.#client.json<DiskUsageJson>("GET", "/system/df", {
      doing: "Counting what volumes take",
      query: { type: "volume" },
    });
    return new Map(diskUsageOf(usage).volumes.map(({ name, bytes = 0 }) => [name, bytes]));
  }

  async #find(name: string): Promise<VolumeInspect | undefined> {
    return this.inspect(name).catch((error: unknown) => {
      if (isCaissonError(error, "VOLUME_NOT_FOUND")) return undefined;
      throw error;
    });
  }

  async #usersOf(volume: string): Promise<string[]> {
    const containers = await this.#client.json<readonly ContainerListJson[]>("GET", "/containers/json", {
      doing: `Looking for containers with volume ${volume}`,
      query: { all: true, filters: encodeFilters({ volume: [volume] }) },
    });
    // The filter takes targets as well.
    return containers.filter(({ Mounts }) => (Mounts ?? []).some((mount) => mount.Name === volume)).map(nameOf);
  }
}

/** @throws VOLUME_NOT_FOUND for what can't be a name: a path with dots in it would lead elsewhere in the API */
function volumePath(volume: string): string {
  if (!isVolumeName(volume)) throw new CaissonError("VOLUME_NOT_FOUND", `No such volume: ${volume}`, { facts: { volume } });
  return `/volumes/${encodeURIComponent(volume)}`;
}

function nameOf({ Names }: ContainerListJson): string {
  return (Names[0] ?? "").replace(/^\//, "");
}

function known(json: VolumeJson, usedBy: readonly string[]): VolumeInspect {
  const inspect = volumeOf(json, usedBy);
  return { ...inspect, labels: withoutSessionLabels(inspect.labels) };
}

/** @throws VOLUME_NAME_TAKEN */
function checked({ labels, options }: VolumeSpec, volume: VolumeInspect): VolumeInspect {
  if (!differ(labels, volume.labels) && !differ(options, volume.options)) return volume;
  throw new CaissonError("VOLUME_NAME_TAKEN", `There is a volume ${volume.name} already, made with other labels or options`, {
    facts: { volume: volume.name },
    evidence: [`It has labels ${JSON.stringify(volume.labels)} and options ${JSON.stringify(volume.options)}.`],
    remedy: "Choose another name, remove that volume, or leave labels and options out to take it as it is.",
  });
}
