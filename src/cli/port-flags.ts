/** Docker's `--publish` and `--expose`, ranges of ports included. Pure. */
import type { PortBinding } from "../engine/engine.js";
import { UsageError } from "./usage.js";

const PUBLISH = /^(?:(?:(\[[0-9a-f:.]+\]|[0-9.]+):)?(\d*|\d+-\d+):)?(\d+(?:-\d+)?)(?:\/(tcp|udp))?$/i;

/** `80`, `8080:80`, `127.0.0.1:8080:80/udp`, `[::1]::80`, `8000-8002:80-82`, and `8000-8002:80` for the first free one. @throws UsageError */
export function portBindings(text: string): PortBinding[] {
  const [, hostIp, hostPorts, containerPorts, protocol = "tcp"] = PUBLISH.exec(text) ?? [];
  if (containerPorts === undefined) throw new UsageError(`--publish takes [[IP:]HOST-PORT:]PORT[/udp], not ${JSON.stringify(text)}`);
  const inside = range("publish", containerPorts);
  const outside = hostPorts ? range("publish", hostPorts) : undefined;
  const choice = inside.length === 1 && outside !== undefined && outside.length > 1;
  if (outside && !choice && outside.length !== inside.length)
    throw new UsageError(`--publish ${text}: as many ports of this host as of the container are needed`);
  return inside.map((containerPort, index) => ({
    containerPort,
    protocol: protocol.toLowerCase() as "tcp" | "udp",
    ...(outside ? { hostPort: outside[index]! } : {}),
    ...(choice ? { hostPortEnd: outside.at(-1)! } : {}),
    ...(hostIp ? { hostIp: hostIp.replace(/^\[|\]$/g, "") } : {}),
  }));
}

/** `80`, `80/udp`, `80-82/tcp`. @throws UsageError */
export function exposedPorts(text: string): string[] {
  const [, ports, protocol] = /^(\d+(?:-\d+)?)(?:\/(\w+))?$/.exec(text) ?? [];
  if (ports === undefined) throw new UsageError(`--expose takes PORT[-PORT][/udp], not ${JSON.stringify(text)}`);
  return range("expose", ports).map((port) => (protocol === undefined ? String(port) : `${port}/${protocol}`));
}

function range(option: string, text: string): number[] {
  const [first = 0, last = first] = text.split("-").map(Number);
  if (last < first || last > 65_535) throw new UsageError(`--${option}: ${text} is no range of ports`);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
