/** A container as `GET /containers/json` lists it. Pure. */
import type { ContainerInspect, ContainerSummary } from "../engine.js";
import { mountJson, networksJson } from "./container-details.js";
import { hostConfigJson } from "./host-config-json.js";
import { humanDuration } from "./times.js";

/** @param hostConfig as the client gave it */
export function containerRow(
  container: ContainerInspect,
  { size, hostConfig, now }: { readonly size: ContainerSummary["size"]; readonly hostConfig: unknown; readonly now: number },
): Readonly<Record<string, unknown>> {
  const host = hostConfigJson(container, hostConfig);
  const mode = String(host["NetworkMode"]);
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
    Status: statusText(container, now),
    HostConfig: { NetworkMode: mode },
    NetworkSettings: { Networks: networksJson(container, mode) },
    Mounts: container.mounts.flatMap((mount) => mountJson(mount, host["Tmpfs"])),
  };
}

/** Words with spaces in quotes, the program as it is. */
export function commandText([path = "", ...args]: readonly string[]): string {
  return [path, ...args.map((arg) => (arg.includes(" ") ? `'${arg}'` : arg))].join(" ");
}

function portRows({ ports, config, state }: ContainerInspect): readonly object[] {
  if (!state.running) return [];
  const published = ports.map(({ containerPort, protocol, hostIp, hostPort }) => ({
    IP: hostIp,
    PrivatePort: containerPort,
    PublicPort: hostPort,
    Type: protocol,
  }));
  const exposed = config.exposedPorts
    .map((port) => port.split("/"))
    .map(([port, type = "tcp"]) => ({ PrivatePort: Number(port), Type: type }))
    .filter(({ PrivatePort, Type }) => !published.some((each) => each.PrivatePort === PrivatePort && each.Type === Type));
  return [...published, ...exposed];
}

/** `Up 3 minutes (healthy)`. */
export function statusText({ status, state }: ContainerInspect, now: number): string {
  const since = (time: Date | undefined): string => humanDuration(now - (time?.getTime() ?? now));
  const { health, exit } = state;
  switch (status) {
    case "created":
      return "Created";
    case "running":
      return `Up ${since(state.startedAt)}${health ? ` (${health.status === "starting" ? "health: starting" : health.status})` : ""}`;
    case "paused":
      return `Up ${since(state.startedAt)} (Paused)`;
    case "restarting":
      return `Restarting (${exit?.exitCode ?? 0}) ${since(state.finishedAt)} ago`;
    case "exited":
      return `Exited (${exit?.exitCode ?? 0}) ${since(state.finishedAt)} ago`;
  }
}
