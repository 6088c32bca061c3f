/** A container as `GET /containers/json` lists it. Pure. */
import type { ContainerSummary } from "../engine.js";
import { isUp, mountJson, networksJson } from "./container-details.js";
import { networkModeOf, saidOf } from "./host-config-json.js";

/** @param hostConfig as the client gave it */
export function containerRow(container: ContainerSummary, hostConfig: unknown): Readonly<Record<string, unknown>> {
  const { size } = container;
  const mode = networkModeOf(container, hostConfig);
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: container.image,
    ImageID: container.imageId,
    Command: commandText(container.command),
    Created: Math.floor(container.created.getTime() / 1000),
    Ports: portRows(container),
    ...(size ? { SizeRw: size.writableBytes, SizeRootFs: size.rootBytes } : {}),
    Labels: container.labels,
    State: container.status,
    Status: container.statusText,
    HostConfig: { NetworkMode: mode },
    NetworkSettings: { Networks: networksJson(container, mode) },
    Mounts: container.mounts.flatMap((mount) => mountJson(mount, saidOf(hostConfig)["Tmpfs"])),
  };
}

/** Words with spaces in quotes, the program as it is. */
export function commandText([path = "", ...args]: readonly string[]): string {
  return [path, ...args.map((arg) => (arg.includes(" ") ? `'${arg}'` : arg))].join(" ");
}

function portRows({ ports, exposedPorts, status }: ContainerSummary): readonly object[] {
  if (!isUp(status)) return [];
  const published = ports.map(({ containerPort, protocol, hostIp, hostPort }) => ({
    IP: hostIp,
    PrivatePort: containerPort,
    PublicPort: hostPort,
    Type: protocol,
  }));
  const exposed = exposedPorts
    .map((port) => port.split("/"))
    .map(([port, type = "tcp"]) => ({ PrivatePort: Number(port), Type: type }))
    .filter(({ PrivatePort, Type }) => !published.some((each) => each.PrivatePort === PrivatePort && each.Type === Type));
  return [...published, ...exposed];
}
