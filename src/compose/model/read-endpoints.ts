/** How a service is on networks: `networks`, `network_mode`, and the other namespaces. */
import type { EndpointSpec } from "../../engine/engine.js";
import { didYouMean } from "../files/problems.js";
import { type Field, refused } from "./field.js";
import type { Sharing } from "./project.js";

/** @param known names of the file's networks; `default` is one in any case */
export function readEndpoints(field: Field, known: ReadonlySet<string>): ReadonlyMap<string, EndpointSpec> {
  const isKnown = (name: string, each: Field): boolean => {
    if (name === "default" || known.has(name)) return true;
    each.refuse(`there is no network ${JSON.stringify(name)} among the top-level networks${didYouMean(name, [...known])}`);
    return false;
  };
  if (field.kind === "list") {
    const names = field.items().flatMap((item) => {
      const name = item.text();
      return name !== undefined && isKnown(name, item) ? [name] : [];
    });
    return new Map(names.map((name) => [name, {}]));
  }
  const read = field.entries().flatMap(([name, each]) => (isKnown(name, each) ? [{ name, ...readEndpoint(each) }] : []));
  return new Map(read.sort((a, b) => b.priority - a.priority).map(({ name, endpoint }) => [name, endpoint]));
}

function readEndpoint(field: Field): { readonly endpoint: EndpointSpec; readonly priority: number } {
  const endpoint: { -readonly [K in keyof EndpointSpec]: EndpointSpec[K] } = {};
  let priority = 0;
  field.keys({
    aliases: (each) => {
      endpoint.aliases = each.texts();
    },
    ipv4_address: (each) => {
      endpoint.ipv4Address = each.text();
    },
    ipv6_address: (each) => {
      endpoint.ipv6Address = each.text();
    },
    mac_address: (each) => {
      endpoint.macAddress = each.text();
    },
    priority: (each) => {
      priority = each.integer() ?? 0;
    },
    gw_priority: refused("the first network that leads out has the default route; priority orders them"),
    interface_name: refused("interfaces are named eth0, eth1 and so on"),
    link_local_ips: refused("a container has one address of each family on a network"),
    driver_opts: (each) => {
      if (each.entries().length > 0) refused("networks have no drivers with options")(each);
    },
  });
  return { endpoint, priority };
}

type Mode = "default" | "none" | "host" | `container:${string}`;

export function readNetworkMode(field: Field): Sharing<Mode> | undefined {
  const text = field.text();
  if (text === "none" || text === "host") return text;
  if (text === "bridge" || text === "default") return "default";
  return sharing(field, text, "none, host, bridge, service:NAME or container:NAME");
}

export function readIpcMode(field: Field): Sharing<"private" | "shareable" | "host" | "none" | `container:${string}`> | undefined {
  const text = field.text();
  const plain = (["private", "shareable", "host", "none"] as const).find((each) => each === text);
  return plain ?? sharing(field, text, "private, shareable, host, none, service:NAME or container:NAME");
}

export function readPidMode(field: Field): Sharing<"private" | "host" | `container:${string}`> | undefined {
  const text = field.text();
  return text === "host" || text === "private" ? text : sharing(field, text, "host, service:NAME or container:NAME");
}

function sharing(field: Field, text: string | undefined, expected: string): Sharing<`container:${string}`> | undefined {
  const [, kind, name = ""] = /^(service|container):(.+)$/.exec(text ?? "") ?? [];
  if (kind === "service") return { service: name };
  if (kind === "container") return `container:${name}`;
  return text === undefined ? undefined : field.problem(`expected ${expected}, not ${JSON.stringify(text)}`);
}
