/** What the way out of a container's or a network's namespace has to lead to, from what the engine knows of them. */
import { optionError } from "../../../errors.js";
import type { ExposedHostPort, UplinkScope } from "../../network/uplink.js";
import type { HostFacts } from "../../runtime/host-facts.js";
import type { ContainerRecord } from "../container-record.js";
import { wayOut } from "../networks/endpoints.js";
import type { NetworkMember, NetworkRecord } from "../networks/network-record.js";

/** Of a container with an address of its own; undefined for others, whose way out is that of a network, or none. */
export function containerScope(record: ContainerRecord, host: HostFacts): UplinkScope | undefined {
  if (!record.address) return undefined;
  const ofNetworks = [...record.endpoints.values()].flatMap(({ ipv6 }) => (ipv6 ? [ipv6.address] : []));
  const exposed = hostPortsOf(record).map((port) => ({ port }));
  return {
    ofContainer: true,
    gateways: [{ address: record.address.gateway, exposed }],
    ipv6: host.network().ipv6 ? ofNetworks : undefined,
  };
}

/** Undefined for an internal network. */
export function networkScope(network: NetworkRecord): UplinkScope | undefined {
  if (network.internal) return undefined;
  const { ipv4, ipv6 } = network;
  return {
    ofContainer: false,
    gateways: [
      { address: ipv4.gateway, exposed: exposedTo(network, (endpoint) => endpoint.ipv4.address) },
      ...(ipv6 ? [{ address: ipv6.gateway, exposed: exposedTo(network, (endpoint) => endpoint.ipv6?.address) }] : []),
    ],
    ipv6: ipv6 && [ipv6.gateway],
  };
}

type Place = NonNullable<ReturnType<typeof wayOut>>;

function exposedTo(network: NetworkRecord, addressOf: (endpoint: Place) => string | undefined): readonly ExposedHostPort[] {
  return [...network.members].flatMap(([member, endpoint]) => {
    const source = addressOf(endpoint);
    return source === undefined || wayOut(member) !== endpoint ? [] : hostPortsOf(member).map((port) => ({ port, source }));
  });
}

function hostPortsOf({ spec }: NetworkMember): readonly number[] {
  return [...new Set(spec.exposedHostPorts)];
}

/** The address by which a container finds the host; undefined where there is none. */
export function hostGateway(record: ContainerRecord): string | undefined {
  if (record.spec.networkMode === "host") return "127.0.0.1";
  return record.address?.gateway ?? wayOut(record)?.network.ipv4.gateway;
}

/** @throws OPTION_INVALID for what asks for the host where no way leads there */
export function checkHostAccess(record: ContainerRecord): void {
  const { exposedHostPorts = [], extraHosts = [] } = record.spec;
  if (record.peer !== undefined || hostGateway(record) !== undefined) return;
  const where = `absent: container ${record.name} is on no network that leads to the host`;
  if (exposedHostPorts.length > 0) throw optionError("exposedHostPorts", exposedHostPorts.join(", "), where);
  const asking = extraHosts.find(({ address }) => address === "host-gateway");
  if (asking) throw optionError("extraHosts", `${asking.host}:${asking.address}`, where);
}
