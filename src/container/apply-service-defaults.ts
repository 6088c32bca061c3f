/** What the catalogue knows of a service, applied to what the user and the image say. Pure. */
import type { ContainerSpec, ImageConfig, MountSpec, PortBinding, PublishedPort } from "../engine/engine.js";
import type { ServiceDefaults } from "../modules/service-defaults.js";
import { Wait } from "../wait/wait.js";
import { ListeningPortsWait } from "../wait/wait-for-ports.js";
import type { WaitStrategy } from "../wait/wait-strategy.js";
import type { PortNumber } from "../wait/wait-target.js";
import type { CopySource } from "./copy-archive.js";

/** On top of the image's environment, below the user's. */
export function serviceEnvironment(
  service: ServiceDefaults | undefined,
  { env = {}, command }: ContainerSpec,
  image: Pick<ImageConfig, "env">,
): Readonly<Record<string, string>> {
  const { environment = {}, unless = [], unlessCommand = false } = service ?? {};
  if (unlessCommand && command) return {};
  const given = new Set([...Object.keys(env), ...image.env.map((variable) => variable.split("=", 1)[0]!)]);
  return unless.some((name) => given.has(name)) ? {} : environment;
}

/** To be copied before what the user copies. */
export function serviceFiles(service: ServiceDefaults | undefined, { mounts = [] }: ContainerSpec): CopySource[] {
  return Object.entries(service?.files ?? {})
    .filter(([target]) => !mounts.some((mount) => holds(mount, target)))
    .map(([target, content]) => ({ kind: "content", target, content }));
}

function holds({ target }: MountSpec, path: string): boolean {
  return path === target || path.startsWith(target.endsWith("/") ? target : `${target}/`);
}

/** The catalogue's, when the image exposes none: undefined for those that the image exposes. */
export function servicePorts(
  service: ServiceDefaults | undefined,
  image: Pick<ImageConfig, "exposedPorts">,
): readonly PortBinding[] | undefined {
  if (!service || image.exposedPorts.length > 0) return undefined;
  return service.ports.map((containerPort) => ({ containerPort }));
}

/**
 * That the service proper is ready, and that every port listens which the user names. Undefined when the service's own ports are not
 * published: then it is a container like any other.
 */
export function serviceWait(
  service: ServiceDefaults | undefined,
  published: readonly PublishedPort[],
  named: readonly PortBinding[],
): WaitStrategy | undefined {
  const port = service?.ports.find((wanted) =>
    published.some(({ containerPort, protocol }) => containerPort === wanted && protocol === "tcp"),
  );
  if (!service || port === undefined) return undefined;
  const numbers = named.filter(({ protocol = "tcp" }) => protocol === "tcp").map(({ containerPort }) => containerPort);
  const ports = [...new Set([...(service.ready ? [] : [port]), ...numbers])].map((each): PortNumber => ({ port: each, protocol: "tcp" }));
  const waits = [...(service.ready ? [service.ready(port)] : []), ...(ports.length > 0 ? [new ListeningPortsWait(ports)] : [])];
  return waits.length === 1 ? waits[0] : Wait.forAll(waits);
}
