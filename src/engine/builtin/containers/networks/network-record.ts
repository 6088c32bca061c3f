/** What the engine knows of one network, and of one container's place on it. */
import type { ContainerSpec, EndpointInspect, EndpointSpec, NetworkInspect, NetworkSpec } from "../../../engine.js";
import { addressBytes } from "../../../spec/address-bytes.js";
import { subnetText } from "../../../spec/subnets.js";
import type { AddressPlan } from "../../network/address-plan.js";
import type { ContainerAddress } from "../../network/addresses.js";
import type { InterfaceAddress } from "../../network/netlink.js";

/** A container, as a network sees it. */
export interface NetworkMember {
  readonly id: string;
  readonly shortId: string;
  readonly name: string;
  readonly running: boolean;
  readonly starting: boolean;
  readonly process: { readonly hostname: string } | undefined;
  readonly spec: Pick<ContainerSpec, "exposedHostPorts">;
  /** On the default network. */
  readonly address: ContainerAddress | undefined;
  readonly endpoints: Map<string, Endpoint>;
}

export interface Endpoint {
  readonly network: NetworkRecord;
  readonly spec: EndpointSpec;
  readonly ipv4: InterfaceAddress;
  readonly ipv6: InterfaceAddress | undefined;
  readonly macAddress: string;
  /** Index of the link's end in the container, and its name there: `eth0`. */
  readonly index: number;
  readonly name: string;
}

export class NetworkRecord {
  readonly members = new Map<NetworkMember, Endpoint>();
  /** The bridge's index is below. */
  #nextHostIndex = 1001;
  removed = false;
  /** The scope of its way out, as last told to the supervisor; undefined without one. */
  uplink: string | undefined;

  constructor(
    readonly id: string,
    readonly name: string,
    readonly spec: NetworkSpec,
    readonly ipv4: AddressPlan,
    readonly ipv6: AddressPlan | undefined,
    readonly created = new Date(),
  ) {}

  /** For the end of a new link in its namespace. None is used twice: the kernel takes a link away some time after its container has ended. */
  nextHostIndex(): number {
    return this.#nextHostIndex++;
  }

  get internal(): boolean {
    return this.spec.internal ?? false;
  }

  get labels(): Readonly<Record<string, string>> {
    return this.spec.labels ?? {};
  }

  get gateways(): readonly InterfaceAddress[] {
    return [this.ipv4, ...(this.ipv6 ? [this.ipv6] : [])].map(({ gateway, subnet }) => ({
      address: gateway,
      prefixLength: subnet.prefixLength,
    }));
  }
}

/** As Docker's: locally administered, the IPv4 address behind it, so that no two on a network are the same. */
export function macAddressOf(ipv4: string): string {
  return ["02", "42", ...[...addressBytes(ipv4)].map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
}

/** Names under which the members of a network find a container. */
export function dnsNames(record: NetworkMember, endpoint: Endpoint): readonly string[] {
  const hostname = record.process?.hostname;
  return [...new Set([record.name, ...(endpoint.spec.aliases ?? []), record.shortId, ...(hostname ? [hostname] : [])])];
}

export function inspectEndpoint(record: NetworkMember, endpoint: Endpoint): EndpointInspect {
  const { network, ipv4, ipv6, macAddress, spec } = endpoint;
  return {
    networkId: network.id,
    networkName: network.name,
    aliases: spec.aliases ?? [],
    dnsNames: dnsNames(record, endpoint),
    ipAddress: ipv4.address,
    prefixLength: ipv4.prefixLength,
    gateway: network.internal ? undefined : network.ipv4.gateway,
    ipv6Address: ipv6?.address,
    ipv6PrefixLength: ipv6?.prefixLength,
    ipv6Gateway: network.internal ? undefined : network.ipv6?.gateway,
    macAddress,
  };
}

export function inspectNetwork(network: NetworkRecord): NetworkInspect {
  const plans = [network.ipv4, ...(network.ipv6 ? [network.ipv6] : [])];
  return {
    id: network.id,
    name: network.name,
    created: network.created,
    driver: "bridge",
    internal: network.internal,
    ipv6: network.ipv6 !== undefined,
    labels: network.labels,
    subnets: plans.map(({ subnet, gateway, ipRange }) => ({ subnet: subnetText(subnet), gateway, ipRange })),
    containers: [...network.members].map(([record, endpoint]) => ({
      ...inspectEndpoint(record, endpoint),
      containerId: record.id,
      containerName: record.name,
    })),
  };
}
