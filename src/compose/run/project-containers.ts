/** The containers of a project, by the labels that docker's Compose gives them, too. */
import type { ContainerSummary, Engine } from "../../engine/engine.js";
import { LABELS } from "../plan/labels.js";
import type { ProjectContainer } from "../plan/plan-up.js";

/** @param oneOffs with those of `docker compose run`, which are nobody's but that command's */
export async function projectContainers(
  { containers }: Pick<Engine, "containers">,
  project: string,
  oneOffs = false,
): Promise<ProjectContainer[]> {
  const all = await containers.list({ all: true, labels: { [LABELS.project]: project } });
  return all.filter(({ labels }) => oneOffs || labels[LABELS.oneOff] !== "True").map(projectContainer);
}

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
