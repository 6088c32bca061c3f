/** Makes the containers of one service be what the plan says, without starting them. */
import { copyArchive } from "../../container/copy-archive.js";
import type { Engine, ImageInspect } from "../../engine/engine.js";
import type { Project, Service } from "../model/project.js";
import { containerName, containerSpec } from "../plan/container-spec.js";
import type { ContainerAction, ProjectContainer, ServicePlan } from "../plan/plan-up.js";
import type { Report } from "./progress.js";
import { namingService } from "./service-failure.js";

export interface ConvergeContext {
  readonly engine: Engine;
  readonly project: Project;
  readonly images: ReadonlyMap<string, ImageInspect>;
  readonly containerOf: (service: string) => string;
  readonly report: Report;
  readonly warn: (warning: string) => void;
  /** Grace of containers that are replaced. @default their own */
  readonly timeoutMs: number | undefined;
  /** Anonymous volumes are new ones, too. */
  readonly renewVolumes: boolean;
}

/** A container of the service, and whether it has to be started. */
export interface ConvergedContainer {
  readonly id: string;
  readonly name: string;
  readonly number: number;
  readonly start: boolean;
  /** Nothing of its log is older than this `up`. */
  readonly fresh: boolean;
}

export async function convergeService({ service, actions }: ServicePlan, context: ConvergeContext): Promise<ConvergedContainer[]> {
  const made = await Promise.all(
    actions.map((action) => {
      const { id, name } = "container" in action ? action.container : { name: containerName(context.project, service, action.number) };
      return namingService({ service: service.name, name, id }, () => converge(service, action, context));
    }),
  );
  return made.flatMap((each) => each ?? []).sort((a, b) => a.number - b.number);
}

async function converge(service: Service, action: ContainerAction, context: ConvergeContext): Promise<ConvergedContainer | undefined> {
  const { engine, project, report, timeoutMs } = context;
  const { number } = action;
  switch (action.kind) {
    case "keep":
      report({ kind: "Container", name: action.container.name, status: "Running" });
      return { id: action.container.id, name: action.container.name, number, start: false, fresh: false };
    case "start":
      return { id: action.container.id, name: action.container.name, number, start: true, fresh: false };
    case "restart": {
      const { id, name } = action.container;
      report({ kind: "Container", name, status: "Restarting" });
      await engine.containers.stop(id, { timeoutMs });
      return { id, name, number, start: true, fresh: false };
    }
    case "create": {
      const name = containerName(project, service, number);
      report({ kind: "Container", name, status: "Creating" });
      const id = await create(service, number, context, undefined);
      report({ kind: "Container", name, status: "Created" });
      return { id, name, number, start: true, fresh: true };
    }
    case "recreate": {
      const name = containerName(project, service, number);
      report({ kind: "Container", name: action.container.name, status: "Recreate" });
      const id = await recreate(service, number, action.container, context);
      report({ kind: "Container", name, status: "Recreated" });
      return { id, name, number, start: true, fresh: true };
    }
    case "remove":
      await removeContainer(engine, action.container, report, { timeoutMs, volumes: false });
      return undefined;
  }
}

/** The old one goes once the new one is made: a spec that the engine refuses leaves it as it is. */
async function recreate(service: Service, number: number, old: ProjectContainer, context: ConvergeContext): Promise<string> {
  const { containers } = context.engine;
  const wasUp = old.status === "running" || old.status === "restarting" || old.status === "paused";
  // An address or a name can be one container's alone.
  const aside = `${old.id.slice(0, 12)}_${old.name}`;
  await containers.stop(old.id, { timeoutMs: context.timeoutMs });
  await containers.rename(old.id, aside);
  await leaveFixedAddresses(service, old, context);
  let id: string;
  try {
    id = await create(service, number, context, old);
  } catch (error) {
    await containers.rename(old.id, old.name);
    await takeFixedAddresses(service, old, context);
    if (wasUp) await containers.start(old.id).catch(() => {});
    throw error;
  }
  await containers.remove(old.id, { force: true, volumes: context.renewVolumes });
  return id;
}

async function leaveFixedAddresses(service: Service, old: ProjectContainer, { engine, project }: ConvergeContext): Promise<void> {
  for (const [key, { ipv4Address, ipv6Address }] of service.networks) {
    if (ipv4Address === undefined && ipv6Address === undefined) continue;
    await engine.networks.disconnect(project.networks.get(key)?.name ?? key, old.id).catch(() => {}); // it may never have been on it
  }
}

async function takeFixedAddresses(service: Service, old: ProjectContainer, { engine, project }: ConvergeContext): Promise<void> {
  for (const [key, endpoint] of service.networks) {
    if (endpoint.ipv4Address === undefined && endpoint.ipv6Address === undefined) continue;
    const aliases = [service.name, ...(endpoint.aliases ?? [])];
    await engine.networks.connect(project.networks.get(key)?.name ?? key, old.id, { ...endpoint, aliases }).catch(() => {}); // why the new one could not be made is what is told
  }
}

async function create(service: Service, number: number, context: ConvergeContext, old: ProjectContainer | undefined): Promise<string> {
  const { engine, project, images, containerOf, warn, renewVolumes } = context;
  const image = images.get(service.name)!;
  const spec = containerSpec(project, service, number, {
    imageId: image.id,
    imageConfig: image.config,
    containerOf,
    inherited: renewVolumes ? undefined : old?.mounts,
    replaces: old?.id,
  });
  const { id, warnings } = await engine.containers.create(spec);
  for (const warning of warnings) warn(`${spec.name}: ${warning}`);
  if (service.files.length === 0) return id;
  try {
    await engine.containers.copyIn(id, filesOf(service), { path: "/" });
  } catch (error) {
    await engine.containers.remove(id, { force: true }).catch(() => {});
    throw error;
  }
  return id;
}

function filesOf({ files }: Service): AsyncIterable<Uint8Array> {
  return copyArchive(files.map((file) => ({ kind: "content", ...file })));
}

export async function removeContainer(
  { containers }: Pick<Engine, "containers">,
  { id, name, status }: ProjectContainer,
  report: Report,
  { timeoutMs, volumes }: { readonly timeoutMs: number | undefined; readonly volumes: boolean },
): Promise<void> {
  if (status !== "exited" && status !== "created") {
    report({ kind: "Container", name, status: "Stopping" });
    await containers.stop(id, { timeoutMs });
    report({ kind: "Container", name, status: "Stopped" });
  }
  report({ kind: "Container", name, status: "Removing" });
  await containers.remove(id, { force: true, volumes });
  report({ kind: "Container", name, status: "Removed" });
}
