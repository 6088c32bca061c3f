/** Networks and volumes of a project: made where they are missing, found where somebody else makes them. */
import type { Engine, NetworkInspect } from "../../engine/engine.js";
import { CaissonError, isCaissonError } from "../../engine/errors.js";
import type { Project, ProjectNetwork, ProjectVolume, Service } from "../model/project.js";
import { LABELS, LABELS_VERSION } from "../plan/labels.js";
import type { Report } from "./progress.js";

/** Before anything is made. @throws NETWORK_NOT_FOUND or VOLUME_NOT_FOUND, which tell of all that is not there */
export async function findExternals({ networks, volumes }: Engine, project: Project, services: readonly Service[]): Promise<void> {
  const missing = await Promise.all([
    ...networksOf(project, services).map(async ({ name, external }) =>
      external && !(await found(networks.inspect(name), "NETWORK_NOT_FOUND")) ? { kind: "network" as const, name } : [],
    ),
    ...volumesOf(project, services).map(async ({ name, external }) =>
      external && !(await found(volumes.inspect(name), "VOLUME_NOT_FOUND")) ? { kind: "volume" as const, name } : [],
    ),
  ]);
  const all = missing.flat();
  const [first] = all;
  if (!first) return;
  const names = all.map(({ kind, name }) => `${kind} ${name}`).join(" and the ");
  const summary = `The ${names}, which ${all.length === 1 ? "is external, is" : "are external, are"} not there`;
  const remedy = `Make ${all.length === 1 ? "it" : "them"}: ${all.map(({ kind, name }) => `caisson ${kind} create ${name}`).join(" && ")}`;
  if (first.kind === "network") throw new CaissonError("NETWORK_NOT_FOUND", summary, { facts: { network: first.name }, remedy });
  throw new CaissonError("VOLUME_NOT_FOUND", summary, { facts: { volume: first.name }, remedy });
}

async function found<T>(inspected: Promise<T>, code: "NETWORK_NOT_FOUND" | "VOLUME_NOT_FOUND"): Promise<T | undefined> {
  return inspected.catch((error: unknown) => {
    if (isCaissonError(error, code)) return undefined;
    throw error;
  });
}

function networksOf({ networks }: Project, services: readonly Service[]): ProjectNetwork[] {
  const keys = new Set(services.flatMap((service) => [...service.networks.keys()]));
  return [...networks.values()].filter(({ key }) => keys.has(key));
}

function volumesOf({ volumes }: Project, services: readonly Service[]): ProjectVolume[] {
  const keys = new Set(services.flatMap(({ mounts }) => mounts.flatMap((mount) => (mount.type === "volume" && mount.source) || [])));
  return [...volumes.values()].filter(({ key }) => keys.has(key));
}

/** Those of the project. @throws NETWORK_NAME_TAKEN for one of another project */
export async function ensureNetworks(engine: Engine, project: Project, services: readonly Service[], report: Report): Promise<void> {
  const own = networksOf(project, services).filter(({ external }) => !external);
  await Promise.all(own.map((each) => ensureNetwork(engine, project, each, report)));
}

async function ensureNetwork({ networks }: Engine, { name: project }: Project, network: ProjectNetwork, report: Report): Promise<void> {
  const { name, key, internal, ipv6, subnets, labels } = network;
  const known = await found(networks.inspect(name), "NETWORK_NOT_FOUND");
  if (known) return checkOwner(known, project, key);
  report({ kind: "Network", name, status: "Creating" });
  await networks.create({
    name,
    internal,
    ipv6,
    subnets: subnets.length > 0 ? subnets : undefined,
    labels: { ...labels, [LABELS.project]: project, [LABELS.network]: key, [LABELS.version]: LABELS_VERSION },
  });
  report({ kind: "Network", name, status: "Created" });
}

function checkOwner({ name, id, labels }: NetworkInspect, project: string, key: string): void {
  if (labels[LABELS.project] === project && labels[LABELS.network] === key) return;
  throw new CaissonError("NETWORK_NAME_TAKEN", `The network ${name} is there already, and is not that of the project ${project}`, {
    facts: { name, networkId: id },
    remedy: "Say `external: true` of it to use it all the same, or give it another `name`.",
  });
}

/** Those of the project. @returns warnings */
export async function ensureVolumes(engine: Engine, project: Project, services: readonly Service[], report: Report): Promise<string[]> {
  const own = volumesOf(project, services).filter(({ external }) => !external);
  const warnings = await Promise.all(own.map((volume) => ensureVolume(engine, project, volume, report)));
  return warnings.flatMap((warning) => warning ?? []);
}

async function ensureVolume(
  { volumes }: Engine,
  { name: project }: Project,
  volume: ProjectVolume,
  report: Report,
): Promise<string | undefined> {
  const { name, key, options, labels } = volume;
  const known = await found(volumes.inspect(name), "VOLUME_NOT_FOUND");
  if (known) {
    if (known.labels[LABELS.project] === project) return undefined;
    return `The volume ${name} is there already, and was not made for the project ${project}; \`external: true\` says that this is meant.`;
  }
  report({ kind: "Volume", name, status: "Creating" });
  await volumes.create({
    name,
    options,
    labels: { ...labels, [LABELS.project]: project, [LABELS.volume]: key, [LABELS.version]: LABELS_VERSION },
  });
  report({ kind: "Volume", name, status: "Created" });
  return undefined;
}
