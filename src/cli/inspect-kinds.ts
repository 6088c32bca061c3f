/** The kinds of things that `inspect` knows: how each is looked up, and how docker shows it to templates. */
import { containerJson } from "../engine/docker-api/container-details.js";
import { imageJson } from "../engine/docker-api/image-details.js";
import { networkJson } from "../engine/docker-api/network-details.js";
import { volumeJson } from "../engine/docker-api/volume-details.js";
import type { ContainerInspect, Engine, ImageInspect, NetworkInspect, VolumeInspect } from "../engine/engine.js";
import type { ErrorCode } from "../engine/errors.js";

export interface InspectKind {
  readonly missing: ErrorCode;
  look(engine: Engine, name: string, options: { readonly size: boolean }): Promise<unknown>;
  /** Under docker's names. @param found what `look` has found */
  docker(engine: Engine, found: unknown): Promise<unknown>;
}

/** The API whose names they are. */
const API = 48;

function kind<T>(
  missing: ErrorCode,
  parts: { look: (...parts: Parameters<InspectKind["look"]>) => Promise<T>; docker: (engine: Engine, found: T) => unknown },
) {
  return {
    missing,
    look: parts.look,
    docker: async (engine: Engine, found: unknown) => parts.docker(engine, found as T),
  } satisfies InspectKind;
}

/** In the order in which a name is looked for. */
export const INSPECT_KINDS: Readonly<Record<"image" | "container" | "network" | "volume", InspectKind>> = {
  image: kind<ImageInspect>("IMAGE_NOT_FOUND", {
    look: ({ images }, name) => images.inspect(name),
    docker: (_, image) => imageJson(image, API),
  }),
  container: kind<ContainerInspect>("CONTAINER_NOT_FOUND", {
    look: async ({ containers }, name, { size }) => {
      const found = await containers.inspect(name);
      const [sized] = size ? await containers.list({ all: true, size: true, filters: { id: [found.id] } }) : [];
      return sized ? { ...found, size: sized.size } : found;
    },
    async docker({ images }, container) {
      const image = await images.inspect(container.imageId).catch(() => undefined); // it may have been removed
      const { env, workingDir } = container.config;
      // The root is what docker leaves out.
      const created = { Env: env, ...(workingDir === "/" ? {} : { WorkingDir: workingDir }) };
      return containerJson(container, { created, image: image?.config, execIds: [] });
    },
  }),
  network: kind<NetworkInspect>("NETWORK_NOT_FOUND", {
    look: ({ networks }, name) => networks.inspect(name),
    docker: (_, network) => networkJson(network, { running: new Set(network.containers.map(({ containerId }) => containerId)) }),
  }),
  volume: kind<VolumeInspect>("VOLUME_NOT_FOUND", {
    look: ({ volumes }, name) => volumes.inspect(name),
    docker: (_, volume) => volumeJson(volume),
  }),
};
