/** `GET /networks/{id}` and `POST /networks/create`, and a container's endpoints. Pure. */
import type { EndpointInspect, NetworkInspect, NetworkSpec } from "../engine.js";
import { subnetParts } from "../spec/subnet-parts.js";
import { parseSubnet } from "../spec/subnets.js";

export interface EndpointJson {
  readonly NetworkID?: string;
  readonly Aliases?: readonly string[] | null;
  readonly DNSNames?: readonly string[] | null;
  readonly IPAddress?: string;
  readonly IPPrefixLen?: number;
  readonly Gateway?: string;
  readonly GlobalIPv6Address?: string;
  readonly GlobalIPv6PrefixLen?: number;
  readonly IPv6Gateway?: string;
  readonly MacAddress?: string;
}

export interface NetworkJson {
  readonly Id: string;
  readonly Name: string;
  readonly Created?: string;
  readonly Driver?: string;
  readonly Internal?: boolean;
  readonly EnableIPv6?: boolean;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly IPAM?: {
    readonly Config?: readonly { readonly Subnet?: string; readonly Gateway?: string; readonly IPRange?: string }[] | null;
  };
  readonly Containers?: Readonly<
    Record<string, { readonly Name?: string; readonly MacAddress?: string; readonly IPv4Address?: string; readonly IPv6Address?: string }>
  > | null;
}

/** Networks that every daemon has, and that nobody made. */
export const DEFAULT_NETWORKS: readonly string[] = ["bridge", "host", "none", "podman", "pasta", "slirp4netns"];

export function endpointOf(name: string, json: EndpointJson): EndpointInspect {
  const aliases = json.Aliases ?? [];
  return {
    networkId: json.NetworkID ?? "",
    networkName: name,
    aliases,
    dnsNames: json.DNSNames ?? aliases,
    ipAddress: json.IPAddress ?? "",
    prefixLength: json.IPPrefixLen ?? 0,
    gateway: json.Gateway || undefined,
    ipv6Address: json.GlobalIPv6Address || undefined,
    ipv6PrefixLength: json.GlobalIPv6Address ? json.GlobalIPv6PrefixLen : undefined,
    ipv6Gateway: json.IPv6Gateway || undefined,
    macAddress: json.MacAddress ?? "",
  };
}

/** The body of `POST /networks/create`. */
export function networkBody(name: string, spec: NetworkSpec): Readonly<Record<string, unknown>> {
  const { labels, internal, subnets = [] } = spec;
  const ipv6 = spec.ipv6 ?? subnets.some(({ subnet }) => subnet.includes(":"));
  // A gateway that was not named is chosen by dockerd, but not told before somebody is on the network.
  const config = subnets.map(({ subnet, gateway, ipRange }) => ({
    Subnet: subnet,
    Gateway: subnetParts(parseSubnet(subnet, "subnets.subnet"), gateway, ipRange).gateway,
    IPRange: ipRange,
  }));
  return {
    Name: name,
    CheckDuplicate: true,
    Driver: "bridge",
    Internal: internal,
    EnableIPv6: ipv6,
    Labels: labels,
    IPAM: config.length > 0 ? { Config: config } : undefined,
  };
}

/** Members are what the daemon shows: those that run. */
export function networkOf(json: NetworkJson): NetworkInspect {
  return {
    id: json.Id,
    name: json.Name,
    created: new Date(json.Created ?? 0),
    driver: json.Driver ?? "",
    internal: json.Internal ?? false,
    ipv6: json.EnableIPv6 ?? false,
    labels: json.Labels ?? {},
    subnets: (json.IPAM?.Config ?? []).map(({ Subnet = "", Gateway = "", IPRange }) => ({
      subnet: Subnet,
      gateway: Gateway,
      ipRange: IPRange || undefined,
    })),
    containers: Object.entries(json.Containers ?? {}).map(([containerId, member]) => {
      const [ipAddress = "", prefixLength = "0"] = (member.IPv4Address ?? "").split("/");
      const [ipv6Address, ipv6PrefixLength] = (member.IPv6Address ?? "").split("/");
      return {
        containerId,
        containerName: member.Name ?? "",
        networkId: json.Id,
        networkName: json.Name,
        aliases: [],
        dnsNames: [],
        ipAddress,
        prefixLength: Number(prefixLength),
        gateway: undefined,
        ipv6Address: ipv6Address || undefined,
        ipv6PrefixLength: ipv6Address ? Number(ipv6PrefixLength) : undefined,
        ipv6Gateway: undefined,
        macAddress: member.MacAddress ?? "",
      };
    }),
  };
}
