/** `ports` and `expose`. */
import type { PortBinding } from "../../engine/engine.js";
import { splitPort } from "../files/short-syntax.js";
import type { Field } from "./field.js";

const SHAPE = "[HOST-IP:][HOST-PORT:]PORT[/udp], with ranges where there are as many ports on both sides";

export function readPorts(field: Field): PortBinding[] {
  return field.items().flatMap((item) => (item.kind === "map" ? longPort(item) : shortPort(item)));
}

function shortPort(item: Field): PortBinding[] {
  const text = item.text();
  if (text === undefined) return [];
  const port = splitPort(text);
  if (!port) {
    item.problem(`expected ${SHAPE}, not ${JSON.stringify(text)}`);
    return [];
  }
  return bindings(item, port);
}

function longPort(item: Field): PortBinding[] {
  const port: { hostIp?: string | undefined; published?: string | undefined; target?: string | undefined; protocol?: string | undefined } =
    {};
  item.keys({
    target: (field) => {
      port.target = field.text();
    },
    published: (field) => {
      port.published = field.text();
    },
    host_ip: (field) => {
      port.hostIp = field.text();
    },
    protocol: (field) => {
      port.protocol = field.text();
    },
    // Load balancing of a swarm: on one machine a port is this machine's either way.
    mode: (field) => void field.oneOf(["host", "ingress"]),
    name: () => {},
    app_protocol: () => {},
  });
  const { target, protocol = "tcp", hostIp, published } = port;
  if (target === undefined) {
    item.problem("a target is missing: the port of the container");
    return [];
  }
  return bindings(item, { hostIp, published: published || undefined, target, protocol });
}

interface PortWords {
  readonly hostIp: string | undefined;
  readonly published: string | undefined;
  readonly target: string;
  readonly protocol: string;
}

function bindings(item: Field, { hostIp, published, target, protocol }: PortWords): PortBinding[] {
  const inside = rangeOf(target);
  const outside = published === undefined ? undefined : rangeOf(published);
  const wrong = (message: string): PortBinding[] => {
    item.problem(message);
    return [];
  };
  if (!inside) return wrong(`${JSON.stringify(target)} is no port and no range of ports`);
  if (published !== undefined && !outside) return wrong(`${JSON.stringify(published)} is no port and no range of ports`);
  if (protocol !== "tcp" && protocol !== "udp") return wrong(`the protocol is tcp or udp, not ${JSON.stringify(protocol)}`);
  if (outside && outside.length !== inside.length)
    return wrong(`${published} are ${outside.length} ports of this host for ${inside.length} of the container: as many are needed`);
  return inside.map((containerPort, index) => ({
    containerPort,
    protocol,
    ...(outside ? { hostPort: outside[index]! } : {}),
    ...(hostIp ? { hostIp } : {}),
  }));
}

export function readExpose(field: Field): string[] {
  return field.items().flatMap((item) => {
    const text = item.text();
    const [, ports = "", protocol] = /^(\d+(?:-\d+)?)(?:\/(tcp|udp))?$/.exec(text ?? "") ?? [];
    const range = rangeOf(ports);
    if (!range) {
      if (text !== undefined) item.problem(`expected PORT[-PORT][/udp], not ${JSON.stringify(text)}`);
      return [];
    }
    return range.map((port) => (protocol === undefined ? String(port) : `${port}/${protocol}`));
  });
}

function rangeOf(text: string): number[] | undefined {
  if (!/^\d+(?:-\d+)?$/.test(text)) return undefined;
  const [first = 0, last = first] = text.split("-").map(Number);
  if (last < first || last > 65_535) return undefined;
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
