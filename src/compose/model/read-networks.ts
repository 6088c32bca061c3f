/** The top-level networks and volumes. */
import type { SubnetSpec } from "../../engine/engine.js";
import { type Field, ignored, refused } from "./field.js";
import type { ProjectNetwork, ProjectVolume } from "./project.js";

/** @returns false where it is made by the project */
function readExternal(field: Field, name: (text: string | undefined) => void): boolean {
  if (field.kind !== "map") return field.boolean() ?? false;
  // The notation of old: `external: { name: NAME }`.
  field.keys({ name: (each) => name(each.text()) });
  return true;
}

export function readNetwork(field: Field, key: string, project: string): ProjectNetwork {
  const network: { -readonly [K in keyof ProjectNetwork]: ProjectNetwork[K] } = {
    key,
    name: "",
    external: false,
    internal: undefined,
    ipv6: undefined,
    subnets: [],
    labels: {},
  };
  let name: string | undefined;
  field.keys({
    name: (each) => {
      name = each.text();
    },
    external: (each) => {
      network.external = readExternal(each, (text) => {
        name ??= text;
      });
    },
    driver: (each) => {
      const driver = each.text();
      if (driver !== undefined && driver !== "bridge" && driver !== "default")
        each.problem(`not served: the driver ${JSON.stringify(driver)}; networks are bridges`);
    },
    driver_opts: (each) => {
      if (each.entries().length > 0) refused("networks have no drivers with options")(each);
    },
    internal: (each) => {
      network.internal = each.boolean();
    },
    // Anybody may join a network: whoever can ask for it may ask for all else, too.
    attachable: ignored,
    enable_ipv4: (each) => {
      if (each.boolean() === false) refused("networks have IPv4")(each);
    },
    enable_ipv6: (each) => {
      network.ipv6 = each.boolean();
    },
    ipam: (each) => {
      network.subnets = readIpam(each);
    },
    labels: (each) => {
      network.labels = each.filledPairs();
    },
  });
  network.name = name ?? (network.external ? key : `${project}_${key}`);
  return network;
}

function readIpam(field: Field): SubnetSpec[] {
  const subnets: SubnetSpec[] = [];
  field.keys({
    driver: (each) => {
      const driver = each.text();
      if (driver !== undefined && driver !== "default") each.problem(`not served: the address driver ${JSON.stringify(driver)}`);
    },
    options: (each) => {
      if (each.entries().length > 0) refused("there is one way to give addresses")(each);
    },
    config: (each) => {
      for (const item of each.items()) {
        const subnet: { subnet?: string | undefined; gateway?: string | undefined; ipRange?: string | undefined } = {};
        item.keys({
          subnet: (part) => {
            subnet.subnet = part.text();
          },
          gateway: (part) => {
            subnet.gateway = part.text();
          },
          ip_range: (part) => {
            subnet.ipRange = part.text();
          },
          aux_addresses: refused("leave such addresses out of ip_range"),
        });
        const { subnet: range, ...rest } = subnet;
        if (range === undefined) item.problem("a subnet is missing");
        else subnets.push({ subnet: range, ...rest });
      }
    },
  });
  return subnets;
}

export function readVolume(field: Field, key: string, project: string): ProjectVolume {
  const volume: { -readonly [K in keyof ProjectVolume]: ProjectVolume[K] } = { key, name: "", external: false, options: {}, labels: {} };
  let name: string | undefined;
  field.keys({
    name: (each) => {
      name = each.text();
    },
    external: (each) => {
      volume.external = readExternal(each, (text) => {
        name ??= text;
      });
    },
    driver: (each) => {
      const driver = each.text();
      if (driver !== undefined && driver !== "local")
        each.problem(`not served: the driver ${JSON.stringify(driver)}; volumes are local ones`);
    },
    driver_opts: (each) => {
      volume.options = each.filledPairs();
    },
    labels: (each) => {
      volume.labels = each.filledPairs();
    },
  });
  volume.name = name ?? (volume.external ? key : `${project}_${key}`);
  return volume;
}
