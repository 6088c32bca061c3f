/** Takes a project down, by what the files say of it or by its labels alone. */
import type { Engine } from "../../engine/engine.js";
import { isCaissonError } from "../../engine/errors.js";
import type { Project } from "../model/project.js";
import { LABELS } from "../plan/labels.js";
import { stopOrder } from "../plan/plan-down.js";
import type { ProjectContainer } from "../plan/plan-up.js";
import { removeContainer } from "./converge-service.js";
import type { Report } from "./progress.js";
import { projectContainers } from "./project-containers.js";

export interface DownOptions {
  /** Services by name: nothing but their containers goes. @default all */
  readonly services: readonly string[];
  /** Volumes that have names in the files, and those that have none anywhere. */
  readonly volumes: boolean;
  /** Images: those that the file doesn't name, or all. */
  readonly images: "local" | "all" | undefined;
  readonly removeOrphans: boolean;
  /** @default that of each container */
  readonly timeoutMs: number | undefined;
}

export interface DownHost {
  readonly engine: Engine;
  readonly report: Report;
  readonly warn: (warning: string) => void;
}

/** @param project undefined where only the name is known: then all that has its labels goes. */
export async function down(name: string, project: Project | undefined, options: DownOptions, host: DownHost): Promise<void> {
  const { engine, report } = host;
  const named = new Set(options.services);
  const existing = await projectContainers(engine, name, true);
  const known = project && new Set([...project.services.keys(), ...project.disabled]);
  const isOrphan = ({ service }: ProjectContainer): boolean => known !== undefined && !known.has(service);
  const leaving = existing.filter((each) => (named.size > 0 ? named.has(each.service) : options.removeOrphans || !isOrphan(each)));
  for (const group of stopOrder(leaving)) {
    // Anonymous volumes that have passed from one container to the next are known by the volume itself, below.
    await Promise.all(
      group.map((each) => removeContainer(engine, each, report, { timeoutMs: options.timeoutMs, volumes: options.volumes })),
    );
  }
  if (options.volumes) await removeAnonymous(engine, leaving);
  if (named.size > 0) return;
  await removeNetworks(name, host);
  if (options.volumes) await removeVolumes(name, project, host);
  if (options.images) await removeImages(name, project, options.images, leaving, host);
}

async function removeAnonymous({ volumes }: Engine, containers: readonly ProjectContainer[]): Promise<void> {
  const names = new Set(containers.flatMap(({ mounts }) => mounts.flatMap(({ type, name }) => (type === "volume" && name) || [])));
  await Promise.all(
    [...names].map(async (volume) => {
      try {
        if ((await volumes.inspect(volume)).anonymous) await volumes.remove(volume);
      } catch (error) {
        if (!isCaissonError(error, "VOLUME_NOT_FOUND") && !isCaissonError(error, "VOLUME_IN_USE")) throw error;
      }
    }),
  );
}

async function removeNetworks(project: string, { engine, report }: DownHost): Promise<void> {
  const networks = await engine.networks.list({ labels: { [LABELS.project]: project } });
  await Promise.all(
    networks.map(async ({ id, name }) => {
      report({ kind: "Network", name, status: "Removing" });
      try {
        await engine.networks.remove(id);
        report({ kind: "Network", name, status: "Removed" });
      } catch (error) {
        if (isCaissonError(error, "NETWORK_IN_USE")) report({ kind: "Network", name, status: "Still in use" });
        else if (!isCaissonError(error, "NETWORK_NOT_FOUND")) throw error;
      }
    }),
  );
}

async function removeVolumes(name: string, project: Project | undefined, { engine, report }: DownHost): Promise<void> {
  const labelled = await engine.volumes.list({ labels: { [LABELS.project]: name } });
  const external = new Set([...(project?.volumes.values() ?? [])].flatMap((each) => (each.external ? [each.name] : [])));
  await Promise.all(
    labelled.map(async ({ name: volume }) => {
      if (external.has(volume)) return;
      report({ kind: "Volume", name: volume, status: "Removing" });
      try {
        await engine.volumes.remove(volume);
        report({ kind: "Volume", name: volume, status: "Removed" });
      } catch (error) {
        if (isCaissonError(error, "VOLUME_IN_USE")) report({ kind: "Volume", name: volume, status: "Still in use" });
        else if (!isCaissonError(error, "VOLUME_NOT_FOUND")) throw error;
      }
    }),
  );
}

async function removeImages(
  name: string,
  project: Project | undefined,
  which: "local" | "all",
  containers: readonly ProjectContainer[],
  { engine, report }: DownHost,
): Promise<void> {
  const services = [...(project?.services.values() ?? [])];
  const named = services.filter(({ imageNamed }) => which === "all" || !imageNamed).map(({ image }) => image);
  // Without the files, what was built has the project's label, and what was used is known by id.
  const built = project ? [] : (await engine.images.list({ labels: { [LABELS.project]: name } })).map(({ id }) => id);
  const used = project || which === "local" ? [] : containers.map(({ imageId }) => imageId);
  for (const image of new Set([...named, ...built, ...used])) {
    report({ kind: "Image", name: image, status: "Removing" });
    try {
      await engine.images.remove(image);
      report({ kind: "Image", name: image, status: "Removed" });
    } catch (error) {
      if (isCaissonError(error, "IMAGE_IN_USE")) report({ kind: "Image", name: image, status: "Still in use" });
      else if (!isCaissonError(error, "IMAGE_NOT_FOUND")) throw error;
    }
  }
}

/** Stops what runs, as Ctrl-C at `up` does; nothing is removed. */
export async function stopContainers(
  containers: readonly ProjectContainer[],
  timeoutMs: number | undefined,
  { engine, report }: Pick<DownHost, "engine" | "report">,
): Promise<void> {
  for (const group of stopOrder(containers.filter(({ status }) => status !== "exited" && status !== "created"))) {
    await Promise.all(
      group.map(async ({ id, name }) => {
        report({ kind: "Container", name, status: "Stopping" });
        await engine.containers.stop(id, { timeoutMs });
        report({ kind: "Container", name, status: "Stopped" });
      }),
    );
  }
}
