/** The configuration of an image that is made from a container: that of the container, as docker has it. Pure. */
import type { ContainerSpec, ImageConfig } from "../../engine.js";

export function committedConfig(spec: ContainerSpec, image: ImageConfig): ImageConfig {
  const ports = (spec.exposedPorts ?? []).map((port) => (port.includes("/") ? port : `${port}/tcp`));
  const { healthcheck = image.healthcheck } = spec;
  return {
    ...image,
    user: spec.user ?? image.user,
    env: environment(image.env, spec.env ?? {}),
    entrypoint: spec.entrypoint ?? image.entrypoint,
    // One's own entrypoint makes the image's command meaningless.
    command: spec.command ?? (spec.entrypoint === undefined ? image.command : undefined),
    workingDir: spec.workingDir ?? image.workingDir,
    exposedPorts: [...new Set([...image.exposedPorts, ...ports])],
    labels: { ...image.labels, ...spec.labels },
    stopSignal: spec.stopSignal ?? image.stopSignal,
    healthcheck: healthcheck === "none" ? { test: ["NONE"] } : healthcheck,
  };
}

/** Own variables win, in the place of the image's. */
function environment(image: readonly string[], own: Readonly<Record<string, string>>): readonly string[] {
  const merged = new Map(image.map((line) => [line.split("=", 1)[0] ?? "", line]));
  for (const [name, value] of Object.entries(own)) merged.set(name, `${name}=${value}`);
  return [...merged.values()];
}
