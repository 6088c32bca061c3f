/** One container of a service as the engine takes it, and the hash by which a later `up` sees whether it has changed. Pure. */
import { createHash } from "node:crypto";
import type { ContainerSpec, EndpointSpec, ImageConfig, MountPoint, MountSpec } from "../../engine/engine.js";
import type { Project, Service, Sharing } from "../model/project.js";
import { LABELS, LABELS_VERSION } from "./labels.js";

export interface SpecFacts {
  readonly imageId: string;
  readonly imageConfig: Pick<ImageConfig, "healthcheck" | "volumes">;
  /** The container of a service whose namespaces or volumes are shared. */
  readonly containerOf: (service: string) => string;
  /** What the container that is replaced has mounted: its anonymous volumes go on. */
  readonly inherited?: readonly MountPoint[] | undefined;
  /** Id of the container that is replaced. */
  readonly replaces?: string | undefined;
}

export function containerName(project: Pick<Project, "name">, service: Pick<Service, "name" | "containerName">, number: number): string {
  return service.containerName ?? `${project.name}-${service.name}-${number}`;
}

export function containerSpec(project: Project, service: Service, number: number, facts: SpecFacts): ContainerSpec {
  const base = baseSpec(project, service);
  const { imageConfig, containerOf, inherited = [], replaces } = facts;
  return {
    ...base,
    name: containerName(project, service, number),
    ...(service.healthcheck === undefined ? {} : { healthcheck: healthcheck(service, imageConfig) }),
    ...modes(service, containerOf),
    mounts: withInherited(base.mounts ?? [], inherited, imageConfig.volumes),
    ...(service.volumesFrom.length > 0
      ? {
          volumesFrom: service.volumesFrom.map(
            (from) => `${"service" in from ? containerOf(from.service) : from.container}${from.readonly ? ":ro" : ""}`,
          ),
        }
      : {}),
    labels: {
      ...service.labels,
      [LABELS.project]: project.name,
      [LABELS.service]: service.name,
      [LABELS.number]: String(number),
      [LABELS.oneOff]: "False",
      [LABELS.configHash]: configHash(project, service),
      [LABELS.image]: facts.imageId,
      [LABELS.dependsOn]: [...service.dependsOn].map(([name, { condition, restart }]) => `${name}:${condition}:${restart}`).join(","),
      [LABELS.configFiles]: project.files.join(","),
      [LABELS.workingDir]: project.directory,
      [LABELS.version]: LABELS_VERSION,
      ...(replaces === undefined ? {} : { [LABELS.replaces]: replaces }),
    },
  };
}

/** What of it is the same for every container of the service, and whatever there is already. */
function baseSpec(project: Project, service: Service): ContainerSpec {
  return {
    ...service.spec,
    image: service.image,
    mounts: service.mounts.map((mount) => named(mount, project)),
    ...(service.networkMode === undefined ? { networks: endpoints(project, service) } : {}),
  };
}

/** Sixty-four hexadecimal digits; not docker's, whose tools see a change where they meet containers of ours, and the reverse. */
export function configHash(project: Project, service: Service): string {
  const { healthcheck: check, networkMode, ipcMode, pidMode, volumesFrom, files, labels } = service;
  const all = { ...baseSpec(project, service), labels, check, networkMode, ipcMode, pidMode, volumesFrom, files };
  return createHash("sha256").update(canonicalJson(all)).digest("hex");
}

/** JSON with sorted keys, and without those that have no value. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

function named(mount: MountSpec, { volumes }: Project): MountSpec {
  if (mount.type !== "volume" || mount.source === undefined) return mount;
  return { ...mount, source: volumes.get(mount.source)?.name ?? mount.source };
}

function endpoints({ networks }: Project, { networks: joined, name }: Service): Readonly<Record<string, EndpointSpec>> {
  return Object.fromEntries(
    [...joined].map(([key, endpoint]) => [
      networks.get(key)?.name ?? key,
      { ...endpoint, aliases: [...new Set([name, ...(endpoint.aliases ?? [])])] },
    ]),
  );
}

function modes(service: Service, containerOf: SpecFacts["containerOf"]): Pick<ContainerSpec, "networkMode" | "ipcMode" | "pidMode"> {
  const mode = <T extends string>(sharing: Sharing<T> | undefined): T | `container:${string}` | undefined =>
    typeof sharing === "object" ? `container:${containerOf(sharing.service)}` : sharing;
  const { networkMode, ipcMode, pidMode } = service;
  return {
    ...(networkMode === undefined ? {} : { networkMode: mode(networkMode) }),
    ...(ipcMode === undefined ? {} : { ipcMode: mode(ipcMode) }),
    ...(pidMode === undefined ? {} : { pidMode: mode(pidMode) }),
  };
}

/** Times without a test are those of the image's check; where it has none there is nothing to check. */
function healthcheck({ healthcheck: check }: Service, image: SpecFacts["imageConfig"]): ContainerSpec["healthcheck"] {
  if (check === undefined || check === "none") return check;
  const test = check.test ?? image.healthcheck?.test;
  return test === undefined ? undefined : { ...image.healthcheck, ...check, test };
}

function withInherited(mounts: readonly MountSpec[], inherited: readonly MountPoint[], declared: readonly string[]): MountSpec[] {
  const volumes = new Map(inherited.flatMap(({ type, name, target }) => (type === "volume" && name ? [[target, name] as const] : [])));
  const own = mounts.map((mount): MountSpec => {
    const kept = volumes.get(mount.target);
    return mount.type === "volume" && mount.source === undefined && kept !== undefined ? { ...mount, source: kept } : mount;
  });
  const taken = new Set(mounts.map(({ target }) => target));
  const image = declared.flatMap((target): MountSpec[] => {
    const kept = volumes.get(target);
    return kept === undefined || taken.has(target) ? [] : [{ type: "volume", source: kept, target }];
  });
  return [...own, ...image];
}

/** Services whose containers must be there before one of this service can be made. */
export function sharedServices({ networkMode, ipcMode, pidMode, volumesFrom }: Service): Set<string> {
  const modes = [networkMode, ipcMode, pidMode].flatMap((mode) => (typeof mode === "object" ? [mode.service] : []));
  return new Set([...modes, ...volumesFrom.flatMap((from) => ("service" in from ? [from.service] : []))]);
}
