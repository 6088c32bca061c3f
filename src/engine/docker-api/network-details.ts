/** Networks, and places of containers on them, as the API shows them. Pure. */
import { createHash } from "node:crypto";
import type { EndpointInspect, NetworkInspect, NetworkSpec } from "../engine.js";
import type { Fields } from "./json-fields.js";
import { MalformedBody } from "./json-fields.js";
import { timeText } from "./times.js";

/** Networks that every daemon has. Their ids are the same everywhere: nobody made them. */
export const PREDEFINED = {
  bridge: { id: idOf("bridge"), driver: "bridge" },
  host: { id: idOf("host"), driver: "host" },
  none: { id: idOf("none"), driver: "null" },
} as const;

export type PredefinedNetwork = keyof typeof PREDEFINED;

function idOf(text: string): string {
  return createHash("sha256").update(`caisson ${text}`).digest("hex");
}

/** By name, id, or how the id begins. */
export function predefinedNetwork(name: string): PredefinedNetwork | undefined {
  return (Object.keys(PREDEFINED) as PredefinedNetwork[]).find(
    (each) => each === name || (/^[0-9a-f]{4,64}$/.test(name) && PREDEFINED[each].id.startsWith(name)),
  );
}

export function predefinedJson(name: PredefinedNetwork, created: Date): Readonly<Record<string, unknown>> {
  return {
    ...common(name, PREDEFINED[name].id, created),
    Driver: PREDEFINED[name].driver,
    IPAM: { Driver: "default", Options: null, Config: name === "bridge" ? [{ Subnet: "172.17.0.0/16", Gateway: "172.17.0.1" }] : null },
    Labels: {},
  };
}

function common(name: string, id: string, created: Date): Readonly<Record<string, unknown>> {
  return {
    Name: name,
    Id: id,
    Created: timeText(created),
    Scope: "local",
    Driver: "bridge",
    EnableIPv6: false,
    IPAM: {},
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: "" },
    ConfigOnly: false,
    Containers: {},
    Options: {},
    Labels: {},
  };
}

export interface EndpointState {
  readonly containerId: string;
  readonly running: boolean;
}

export function endpointJson(endpoint: EndpointInspect, { containerId, running }: EndpointState): Readonly<Record<string, unknown>> {
  const { aliases, dnsNames } = endpoint;
  const known = running ? endpoint : undefined;
  return {
    IPAMConfig: null,
    Links: null,
    Aliases: aliases.length > 0 ? aliases : null,
    MacAddress: known?.macAddress ?? "",
    NetworkID: endpoint.networkId,
    EndpointID: running ? idOf(`${endpoint.networkId} ${containerId}`) : "",
    Gateway: known?.gateway ?? "",
    IPAddress: known?.ipAddress ?? "",
    IPPrefixLen: known?.prefixLength ?? 0,
    IPv6Gateway: known?.ipv6Gateway ?? "",
    GlobalIPv6Address: known?.ipv6Address ?? "",
    GlobalIPv6PrefixLen: known?.ipv6PrefixLength ?? 0,
    DriverOpts: null,
    DNSNames: dnsNames.length > 0 ? dnsNames : null,
  };
}

/** @param running ids of the containers that run: only they are shown @param options as the client gave them */
export function networkJson(
  network: NetworkInspect,
  { running, options }: { readonly running: ReadonlySet<string>; readonly options?: Readonly<Record<string, string>> | undefined },
): Readonly<Record<string, unknown>> {
  const members = network.containers.filter(({ containerId }) => running.has(containerId));
  return {
    ...common(network.name, network.id, network.created),
    Driver: network.driver,
    EnableIPv6: network.ipv6,
    IPAM: {
      Driver: "default",
      Options: {},
      Config: network.subnets.map(({ subnet, gateway, ipRange }) => ({
        Subnet: subnet,
        ...(ipRange === undefined ? {} : { IPRange: ipRange }),
        Gateway: gateway,
      })),
    },
    Internal: network.internal,
    Containers: Object.fromEntries(
      members.map((member) => [
        member.containerId,
        {
          Name: member.containerName,
          EndpointID: idOf(`${network.id} ${member.containerId}`),
          MacAddress: member.macAddress,
          IPv4Address: `${member.ipAddress}/${member.prefixLength}`,
          IPv6Address: member.ipv6Address === undefined ? "" : `${member.ipv6Address}/${member.ipv6PrefixLength}`,
        },
      ]),
    ),
    Options: options ?? {},
    Labels: network.labels,
  };
}

/** The body of `POST /networks/create`. @throws MalformedBody */
export function networkSpecOfBody(body: Fields): NetworkSpec {
  const name = body.word("Name");
  if (name === undefined) throw new MalformedBody("network name cannot be blank");
  const driver = body.word("Driver") ?? "bridge";
  if (!["bridge", "default"].includes(driver)) throw new MalformedBody(`plugin "${driver}" not found`);
  const ipam = body.object("IPAM");
  if (!["default", undefined].includes(ipam.word("Driver"))) throw new MalformedBody(`invalid ipam driver: ${ipam.word("Driver")}`);
  const subnets = (ipam.objects("Config") ?? [])
    .filter((config) => config.word("Subnet") !== undefined)
    .map((config) => ({ subnet: config.text("Subnet")!, gateway: config.word("Gateway"), ipRange: config.word("IPRange") }));
  return {
    name,
    labels: body.record("Labels") ?? {},
    internal: body.flag("Internal") ?? false,
    ipv6: body.flag("EnableIPv6") ?? false,
    ...(subnets.length > 0 ? { subnets } : {}),
  };
}
