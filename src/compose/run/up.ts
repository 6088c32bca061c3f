/** Brings a project up: images, networks, volumes, then containers, each service as soon as what it needs is there. */
import type { Engine, ImageInspect } from "../../engine/engine.js";
import { CaissonError, optionError } from "../../engine/errors.js";
import { withDependencies } from "../model/dependencies.js";
import type { Dependency, Project, Service } from "../model/project.js";
import { containerName, sharedServices } from "../plan/container-spec.js";
import { type ImageChoices, planUp, type Recreation, type ServicePlan } from "../plan/plan-up.js";
import { untilCompleted, untilHealthy, untilReady } from "./conditions.js";
import { type ConvergedContainer, convergeService, removeContainer } from "./converge-service.js";
import { ensureImages, type ImageHost } from "./ensure-images.js";
import { ensureNetworks, ensureVolumes, findExternals } from "./ensure-resources.js";
import { eachInOrder } from "./in-order.js";
import { projectContainers } from "./project-containers.js";
import { namingService } from "./service-failure.js";

export interface UpOptions extends ImageChoices {
  /** Services by name, with all that they need unless `noDeps`. @default all that are enabled */
  readonly services: readonly string[];
  readonly noDeps: boolean;
  /** Of the services that are named. */
  readonly recreate: Recreation;
  readonly renewVolumes: boolean;
  readonly removeOrphans: boolean;
  readonly scales: Readonly<Record<string, number>>;
  /** Grace of containers that are replaced. */
  readonly timeoutMs: number | undefined;
  readonly noStart: boolean;
}

export interface UpHost extends Omit<ImageHost, "images"> {
  readonly engine: Engine;
  readonly warn: (warning: string) => void;
  /** Told of each container that runs, from when on its log is that of this run. */
  readonly running?: ((container: UpContainer, since: Date | undefined) => void) | undefined;
}

export interface UpContainer extends ConvergedContainer {
  readonly service: Service;
}

/** @returns the containers of the selected services. @throws what the engine throws; SERVICE_FAILED, OPTION_INVALID, ABORTED */
export async function up(project: Project, options: UpOptions, host: UpHost): Promise<readonly UpContainer[]> {
  const { engine, report, warn } = host;
  const selected = select(project, options);
  const services = [...project.services.values()].filter(({ name }) => selected.has(name));
  await findExternals(engine, project, services);
  const images = await ensureImages(project, services, options, { ...host, images: engine.images });
  await ensureNetworks(engine, project, services, report);
  for (const warning of await ensureVolumes(engine, project, services, report)) warn(warning);
  const existing = await projectContainers(engine, project.name);
  const imageIds = new Map([...images].map(([name, { id }]) => [name, id]));
  const named = new Set(options.services);
  const plan = planUp(project, existing, imageIds, {
    selected,
    // Those that are only needed by the named ones stay, unless they have changed.
    recreate: (service) => (named.size === 0 || named.has(service) || options.recreate === "never" ? options.recreate : "changed"),
    scales: options.scales,
  });
  if (plan.orphans.length > 0) await clearOrphans(plan.orphans, options, host);
  const others = new Map(existing.map(({ service, name }) => [service, name]));
  const converged = await convergeAll(project, plan.services, images, { options, host, others });
  if (!options.noStart) await startAll(plan.services, converged, host);
  return plan.services.flatMap(({ service }) => (converged.get(service.name) ?? []).map((container) => ({ ...container, service })));
}

/** @throws OPTION_INVALID */
function select(project: Project, { services, noDeps, scales }: UpOptions): ReadonlySet<string> {
  const known = [...project.services.keys()];
  for (const name of [...services, ...Object.keys(scales)])
    if (!project.services.has(name)) throw optionError("service", name, "a service of the project", known);
  if (services.length === 0) return new Set(known);
  return noDeps ? new Set(services) : withDependencies(services, project.services);
}

async function clearOrphans(
  orphans: ReturnType<typeof planUp>["orphans"],
  { removeOrphans, timeoutMs }: UpOptions,
  { engine, report, warn }: UpHost,
): Promise<void> {
  if (!removeOrphans) {
    const names = orphans.map(({ name }) => name).join(", ");
    warn(`Of services that are not in the files any more there are containers: ${names}; --remove-orphans takes them away.`);
    return;
  }
  await Promise.all(orphans.map((each) => removeContainer(engine, each, report, { timeoutMs, volumes: true })));
}

interface ConvergeAll {
  readonly options: UpOptions;
  readonly host: UpHost;
  /** Names of containers that are there already, by service. */
  readonly others: ReadonlyMap<string, string>;
}

async function convergeAll(
  project: Project,
  plans: readonly ServicePlan[],
  images: ReadonlyMap<string, ImageInspect>,
  { options, host, others }: ConvergeAll,
): Promise<ReadonlyMap<string, ConvergedContainer[]>> {
  const byName = new Map(plans.map((plan) => [plan.service.name, plan]));
  const converged = new Map<string, ConvergedContainer[]>();
  const containerOf = (service: string): string => {
    const name = converged.get(service)?.[0]?.name ?? others.get(service);
    const known = project.services.get(service);
    return name ?? (known ? containerName(project, known, 1) : service);
  };
  const context = { ...host, project, images, containerOf, timeoutMs: options.timeoutMs, renewVolumes: options.renewVolumes };
  await eachInOrder(
    [...byName.keys()],
    (name) => sharedServices(byName.get(name)!.service),
    async (name) => {
      converged.set(name, await convergeService(byName.get(name)!, context));
    },
  );
  return converged;
}

async function startAll(plans: readonly ServicePlan[], converged: ReadonlyMap<string, ConvergedContainer[]>, host: UpHost): Promise<void> {
  const byName = new Map(plans.map(({ service }) => [service.name, service]));
  await eachInOrder(
    [...byName.keys()],
    (name) => byName.get(name)!.dependsOn.keys(),
    async (name) => {
      const service = byName.get(name)!;
      const containers = converged.get(name) ?? [];
      for (const container of containers) if (!container.start) host.running?.({ ...container, service }, new Date());
      if (containers.some(({ start }) => start)) await awaitDependencies(service, byName, converged, host);
      await Promise.all(containers.filter(({ start }) => start).map((container) => startOne(service, container, host)));
    },
  );
}

async function startOne(service: Service, container: ConvergedContainer, { engine, report, running, signal }: UpHost): Promise<void> {
  const { id, name, fresh } = container;
  report({ kind: "Container", name, status: "Starting" });
  const begun = new Date();
  await namingService({ service: service.name, name, id }, () => engine.containers.start(id, { signal }));
  running?.({ ...container, service }, fresh ? undefined : begun);
  report({ kind: "Container", name, status: "Started" });
}

async function awaitDependencies(
  service: Service,
  services: ReadonlyMap<string, Service>,
  converged: ReadonlyMap<string, ConvergedContainer[]>,
  host: UpHost,
): Promise<void> {
  await Promise.all(
    [...service.dependsOn].map(async ([name, dependency]) => {
      if (!services.has(name)) return;
      try {
        await Promise.all((converged.get(name) ?? []).map((container) => awaitCondition(name, container, dependency, host)));
      } catch (error) {
        if (dependency.required || !(error instanceof CaissonError) || error.code !== "SERVICE_FAILED") throw error;
        host.warn(`${service.name} goes on without ${name}: ${error.summary}`);
      }
    }),
  );
}

async function awaitCondition(
  service: string,
  { id, name }: ConvergedContainer,
  { condition }: Dependency,
  { engine, report, signal }: UpHost,
): Promise<void> {
  if (condition === "service_started") return;
  report({ kind: "Container", name, status: "Waiting" });
  if (condition === "service_healthy") await untilHealthy(engine, { service, id, name }, signal);
  else await untilCompleted(engine, { service, id, name }, signal);
  report({ kind: "Container", name, status: condition === "service_healthy" ? "Healthy" : "Exited" });
}

/**
 * Until every container is what `up --wait` waits for: healthy where it has a check, running where it has none, and ended well where
 * others wait for its completion.
 * @throws SERVICE_FAILED, ABORTED
 */
export async function untilAllReady(
  project: Project,
  containers: readonly UpContainer[],
  { engine, report, signal }: Pick<UpHost, "engine" | "report" | "signal">,
): Promise<void> {
  const completing = new Set(
    [...project.services.values()].flatMap(({ dependsOn }) =>
      [...dependsOn].flatMap(([name, { condition }]) => (condition === "service_completed_successfully" ? [name] : [])),
    ),
  );
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  await Promise.all(
    containers.map(async ({ id, name, service }) => {
      const awaited = { service: service.name, id, name };
      report({ kind: "Container", name, status: "Waiting" });
      if (completing.has(service.name)) await untilCompleted(engine, awaited, either);
      else await untilReady(engine, awaited, either);
      report({ kind: "Container", name, status: completing.has(service.name) ? "Exited" : "Healthy" });
    }),
  ).finally(() => failed.abort());
}
