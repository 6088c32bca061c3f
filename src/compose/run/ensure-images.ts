/** The images of services: here, fetched or built, as they and the command say. */
import type { BuildEvent, Engine, ImageInspect, ImageProgress } from "../../engine/engine.js";
import { isCaissonError } from "../../engine/errors.js";
import type { Project, Service, ServiceBuild } from "../model/project.js";
import { LABELS } from "../plan/labels.js";
import { type ImageChoices, planImage } from "../plan/plan-up.js";
import type { Report } from "./progress.js";

export interface ImageHost {
  readonly images: Engine["images"];
  /** What builds: the engine itself, or one of this process that shares its store and knows more of the language. */
  readonly builder: () => Promise<Engine["images"]>;
  readonly report: Report;
  readonly pullProgress: (event: ImageProgress) => void;
  readonly buildProgress: (service: string, event: BuildEvent) => void;
  readonly signal: AbortSignal;
}

/**
 * Services that want the same image get it once.
 * @returns the images by service
 * @throws what builds and pulls throw; IMAGE_NOT_FOUND
 */
export async function ensureImages(
  project: Project,
  services: readonly Service[],
  choices: ImageChoices,
  host: ImageHost,
): Promise<Map<string, ImageInspect>> {
  const work = new Map<string, Promise<ImageInspect>>();
  const found = new Map<string, ImageInspect>();
  // Whoever builds an image decides what is under its name.
  const byBuild = [...services].sort((a, b) => Number(b.build !== undefined) - Number(a.build !== undefined));
  const results = await Promise.allSettled(
    byBuild.map(async (service) => {
      const key = `${service.image} ${service.spec.platform ?? ""}`;
      const image = work.get(key) ?? ensureImage(project, service, choices, host);
      work.set(key, image);
      found.set(service.name, await image);
    }),
  );
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
  return found;
}

async function ensureImage(project: Project, service: Service, choices: ImageChoices, host: ImageHost): Promise<ImageInspect> {
  const { images, report, signal, pullProgress } = host;
  const here = await inspected(images, service.image);
  switch (planImage(service, here !== undefined, choices)) {
    case "use":
      return here ?? images.inspect(service.image);
    case "build":
      return build(project, service, host);
    case "pull": {
      report({ kind: "Image", name: service.image, status: "Pulling" });
      try {
        const image = await images.pull(service.image, { platform: service.spec.platform, signal, progress: pullProgress });
        report({ kind: "Image", name: service.image, status: "Pulled" });
        return image;
      } catch (error) {
        // As docker's Compose does: what no registry has is built.
        if (!service.build || choices.noBuild || !isCaissonError(error, "IMAGE_NOT_FOUND")) throw error;
        return build(project, service, host);
      }
    }
  }
}

async function inspected(images: Engine["images"], reference: string): Promise<ImageInspect | undefined> {
  try {
    return await images.inspect(reference);
  } catch (error) {
    if (isCaissonError(error, "IMAGE_NOT_FOUND")) return undefined;
    throw error;
  }
}

async function build(project: Project, { name, image, build: what }: Service, host: ImageHost): Promise<ImageInspect> {
  const { builder, images, report, signal, buildProgress } = host;
  const { context, ...options } = what as ServiceBuild;
  report({ kind: "Image", name: image, status: "Building" });
  await (await builder()).build(context, {
    ...options,
    tags: [image, ...options.tags],
    labels: { [LABELS.project]: project.name, [LABELS.service]: name, ...options.labels },
    signal,
    progress: (event) => buildProgress(name, event),
  });
  report({ kind: "Image", name: image, status: "Built" });
  return images.inspect(image);
}
