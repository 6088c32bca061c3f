/** Networks and volumes of a project: made where they are missing, found where somebody else makes them. */
import type { Engine, NetworkInspect } from "../../engine/engine.js";
import { CaissonError, isCaissonError } from "../../engine/errors.js";
import type { Project, ProjectNetwork, ProjectVolume, Service } from "../model/project.js";
import { LABELS, LABELS_VERSION } from "../plan/labels.js";
import type { Report } from "./progress.js";

/** @throws NETWORK_NOT_FOUND for an external one, NETWORK_NAME_TAKEN for one of another project */
export async function ensureNetworks(engine: Engine, project: Project, services: readonly Service[], report: Report): Promise<void> {
  const keys = new Set(services.flatMap(({ networks }) => [...networks.keys()]));
  await Promise.all(
    [...project.networks.values()].filter(({ key }) => keys.has(key)).map((each) => ensureNetwork(engine, project, each, report)),
  );
}

async function ensureNetwork({ networks }: Engine, { name: project }: Project, network: ProjectNetwork, report: Report): Promise<void> {
  const { name, key, external, internal, ipv6, subnets, labels } = network;
  const known = await networks.inspect(name).catch((error: unknown) => {
    if (isCaissonError(error, "NETWORK_NOT_FOUND")) return undefined;
    throw error;
  });
  if (external) {
    if (known) return;
    throw new CaissonError("NETWORK_NOT_FOUND", `The network ${name}, which is external, is not there`, {
      facts: { network: name },
      remedy: `Make it: caisson network create ${name}`,
    });
  }
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

/** @returns warnings. @throws VOLUME_NOT_FOUND for an external one */
export async function ensureVolumes(engine: Engine, project: Project, services: readonly Service[], report: Report): Promise<string[]> {
  const keys = new Set(services.flatMap(({ mounts }) => mounts.flatMap((mount) => (mount.type === "volume" && mount.source) || [])));
  const used = [...project.volumes.values()].filter(({ key }) => keys.has(key));
  const warnings = await Promise.all(used.map((volume) => ensureVolume(engine, project, volume, report)));
  return warnings.flatMap((warning) => warning ?? []);
}

async function ensureVolume(
  { volumes }: Engine,
  { name: project }: Project,
  volume: ProjectVolume,
  report: Report,
): Promise<string | undefined> {
  const { name, key, external, options, labels } = volume;
  const known = await volumes.inspect(name).catch((error: unknown) => {
    if (isCaissonError(error, "VOLUME_NOT_FOUND")) return undefined;
    throw error;
  });
  if (external) {
    if (known) return undefined;
    throw new CaissonError("VOLUME_NOT_FOUND", `The volume ${name}, which is external, is not there`, {
      facts: { volume: name },
      remedy: `Make it: caisson volume create ${name}`,
    });
  }
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
