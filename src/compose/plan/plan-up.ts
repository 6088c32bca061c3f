/** What `up` has to do, from what the files say and what is there. Pure. */
import type { ContainerStatus, MountPoint } from "../../engine/engine.js";
import { inOrder } from "../model/dependencies.js";
import type { Project, PullPolicy, Service } from "../model/project.js";
import { configHash, sharedServices } from "./container-spec.js";

/** A container of the project that is there. */
export interface ProjectContainer {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly number: number;
  readonly configHash: string | undefined;
  readonly imageId: string;
  readonly status: ContainerStatus;
  readonly mounts: readonly MountPoint[];
  /** Services that it needs, as its label says. */
  readonly dependsOn: readonly string[];
}

export type Recreation = "changed" | "always" | "never";

export interface UpChoices {
  /** Services to bring up, with all that they need. */
  readonly selected: ReadonlySet<string>;
  readonly recreate: (service: string) => Recreation;
  /** Instead of the scales of the files. */
  readonly scales: Readonly<Record<string, number>>;
}

export type ContainerAction =
  /** It runs, and nothing has changed. */
  | { readonly kind: "keep"; readonly container: ProjectContainer; readonly number: number }
  | { readonly kind: "start"; readonly container: ProjectContainer; readonly number: number }
  /** A service that it depends on is replaced, and wants that (`restart: true`). */
  | { readonly kind: "restart"; readonly container: ProjectContainer; readonly number: number }
  | { readonly kind: "create"; readonly number: number }
  | { readonly kind: "recreate"; readonly container: ProjectContainer; readonly number: number; readonly why: string }
  | { readonly kind: "remove"; readonly container: ProjectContainer; readonly number: number };

export interface ServicePlan {
  readonly service: Service;
  readonly actions: readonly ContainerAction[];
}

export interface UpPlan {
  /** Each after those that it needs. */
  readonly services: readonly ServicePlan[];
  /** Of services that are not in the files. */
  readonly orphans: readonly ProjectContainer[];
}

/** @param imageIds of the selected services, by name */
export function planUp(
  project: Project,
  containers: readonly ProjectContainer[],
  imageIds: ReadonlyMap<string, string>,
  { selected, recreate, scales }: UpChoices,
): UpPlan {
  const replaced = new Set<string>();
  const services = inOrder(project.services)
    .filter(({ name }) => selected.has(name))
    .map((service) => {
      const existing = containers.filter((each) => each.service === service.name).sort((a, b) => a.number - b.number);
      const wish: Wish = {
        scale: scales[service.name] ?? service.scale,
        hash: configHash(project, service),
        imageId: imageIds.get(service.name),
        recreate: recreate(service.name),
        sharedReplaced: [...sharedServices(service)].find((name) => replaced.has(name)),
        restarts: [...service.dependsOn].some(([name, { restart }]) => restart && replaced.has(name)),
      };
      const actions = planService(existing, wish);
      if (actions.some(({ kind }) => kind === "create" || kind === "recreate")) replaced.add(service.name);
      return { service, actions };
    });
  const known = new Set([...project.services.keys(), ...project.disabled]);
  return { services, orphans: containers.filter(({ service }) => !known.has(service)) };
}

interface Wish {
  readonly scale: number;
  readonly hash: string;
  readonly imageId: string | undefined;
  readonly recreate: Recreation;
  /** A service whose namespaces or volumes it shares, and whose container is another one now. */
  readonly sharedReplaced: string | undefined;
  readonly restarts: boolean;
}

function planService(existing: readonly ProjectContainer[], wish: Wish): ContainerAction[] {
  // Those that run come first, so that as many as possible go on.
  const byUse = [...existing].sort((a, b) => Number(isUp(b)) - Number(isUp(a)) || a.number - b.number);
  const kept = new Set(byUse.slice(0, wish.scale));
  const taken = new Set([...kept].map(({ number }) => number));
  const actions = existing.map((container): ContainerAction => {
    const { number } = container;
    if (!kept.has(container)) return { kind: "remove", container, number };
    const why = reasonToRecreate(container, wish);
    if (why !== undefined) return { kind: "recreate", container, number, why };
    if (!isUp(container)) return { kind: "start", container, number };
    return { kind: wish.restarts ? "restart" : "keep", container, number };
  });
  for (let number = 1, missing = wish.scale - kept.size; missing > 0; number++) {
    if (taken.has(number)) continue;
    actions.push({ kind: "create", number });
    missing--;
  }
  return actions;
}

function isUp({ status }: ProjectContainer): boolean {
  return status === "running" || status === "restarting";
}

function reasonToRecreate({ configHash: hash, imageId }: ProjectContainer, wish: Wish): string | undefined {
  if (wish.recreate === "always") return "that is wanted";
  if (wish.sharedReplaced !== undefined) return `the container of ${wish.sharedReplaced}, which it shares, is another one`;
  if (wish.recreate === "never") return undefined;
  if (hash !== wish.hash) return "what the files say of it has changed";
  if (wish.imageId !== undefined && imageId !== wish.imageId) return "its image has changed";
  return undefined;
}

export interface ImageChoices {
  /** `--build`: also where an image is there. */
  readonly build: boolean;
  /** `--no-build` */
  readonly noBuild: boolean;
  /** `--pull`, instead of what services say. */
  readonly pull: PullPolicy | undefined;
}

export type ImageAction = "build" | "pull" | "use";

/** @param isHere whether the store has the image */
export function planImage(service: Service, isHere: boolean, { build, noBuild, pull }: ImageChoices): ImageAction {
  const policy = pull === "build" ? undefined : pull;
  if (service.build && !noBuild) {
    const builds = build || service.pullPolicy === "build" || (!isHere && (service.pullPolicy ?? "missing") !== "never");
    const pulls = service.pullPolicy === "always" || (service.pullPolicy === "missing" && !isHere);
    if (!build && service.imageNamed && pulls) return "pull";
    return builds ? "build" : "use";
  }
  const wanted = policy ?? service.pullPolicy ?? "missing";
  if (wanted === "always") return "pull";
  // One that is built is nowhere to be had but here.
  return isHere || wanted === "never" || !service.imageNamed ? "use" : "pull";
}
