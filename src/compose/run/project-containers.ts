/** The containers of a project, by the labels that docker's Compose gives them, too. */
import type { ContainerListOptions, ContainerSummary, Engine } from "../../engine/engine.js";
import { LABELS } from "../plan/labels.js";
import type { ProjectContainer } from "../plan/plan-up.js";

export interface ListedContainer {
  readonly service: string;
  readonly container: ContainerSummary;
}

/** Those of `docker compose run` left out, which are nobody's but that command's. @param options which of the others */
export async function listProject(
  engine: Pick<Engine, "containers">,
  project: string,
  options: Pick<ContainerListOptions, "all" | "filters">,
): Promise<ListedContainer[]> {
  const all = await labelled(engine, project, options);
  return all.filter(isLasting).map((container) => ({ service: container.labels[LABELS.service] ?? "", container }));
}

/** @param oneOffs with those of `docker compose run` */
export async function projectContainers(engine: Pick<Engine, "containers">, project: string, oneOffs = false): Promise<ProjectContainer[]> {
  const all = await labelled(engine, project, { all: true });
  return all.filter((container) => oneOffs || isLasting(container)).map(projectContainer);
}

const labelled = (
  { containers }: Pick<Engine, "containers">,
  project: string,
  options: ContainerListOptions,
): Promise<readonly ContainerSummary[]> => containers.list({ ...options, labels: { [LABELS.project]: project } });

const isLasting = ({ labels }: ContainerSummary): boolean => labels[LABELS.oneOff] !== "True";

function projectContainer({ id, name, labels, imageId, status, mounts }: ContainerSummary): ProjectContainer {
  return {
    id,
    name,
    service: labels[LABELS.service] ?? "",
    number: Number(labels[LABELS.number] ?? 1),
    configHash: labels[LABELS.configHash],
    imageId,
    status,
    mounts,
    dependsOn: (labels[LABELS.dependsOn] ?? "").split(",").flatMap((word) => word.split(":", 1)[0] || []),
  };
}
