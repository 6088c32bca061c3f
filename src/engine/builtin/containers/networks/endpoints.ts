/** A container's place on a network: addresses first, then the link between the two namespaces. */
import type { EndpointSpec } from "../../../engine.js";
import { CaissonError, optionError } from "../../../errors.js";
import { validateEndpoint } from "../../../spec/validate-network.js";
import { addressTaken } from "../../network/address-plan.js";
import { endpointMessages, removeLinkMessage, vethMessages } from "../../network/netlink.js";
import { CloneFlag } from "../../runtime/kernel-constants.js";
import { type Plan, writePlan } from "../../supervisor/codec.js";
import { Message, Tag } from "../../supervisor/protocol.js";
import { SupervisorFailure } from "../../supervisor/supervisor-failure.js";
import type { ContainerRecord } from "../container-record.js";
import type { Session } from "../session.js";
import { type Endpoint, macAddressOf, type NetworkMember, type NetworkRecord } from "./network-record.js";

/** Index of a container's first link; lower ones are those of the tunnels that some kernels put into every namespace. */
const FIRST_INDEX = 100;

/** What an endpoint had in an earlier session, and has again. */
export interface FormerEndpoint {
  readonly index: number;
  /** What was asked for, without the addresses that were given. */
  readonly spec: EndpointSpec;
}

/** Reserves addresses and names. @throws NETWORK_ALREADY_CONNECTED, NETWORK_ADDRESS_TAKEN, NETWORK_FULL, OPTION_INVALID */
export function reserveEndpoint(
  network: NetworkRecord,
  record: ContainerRecord,
  spec: EndpointSpec = {},
  former?: FormerEndpoint,
): Endpoint {
  checkEndpoint(network, record, spec);
  const taken: string[] = [];
  try {
    const ipv4 = network.ipv4.take(spec.ipv4Address, network.name, rests(network, spec.ipv4Address));
    taken.push(ipv4);
    const ipv6 = network.ipv6?.take(spec.ipv6Address, network.name, rests(network, spec.ipv6Address));
    const used = [...record.endpoints.values()].map(({ index }) => index - FIRST_INDEX);
    const free = Array.from({ length: used.length + 1 }, (_, candidate) => candidate).find((candidate) => !used.includes(candidate))!;
    const place = former ? former.index - FIRST_INDEX : free;
    const endpoint: Endpoint = {
      network,
      spec: former?.spec ?? spec,
      ipv4: { address: ipv4, prefixLength: network.ipv4.subnet.prefixLength },
      ipv6: ipv6 === undefined ? undefined : { address: ipv6, prefixLength: network.ipv6!.subnet.prefixLength },
      macAddress: spec.macAddress?.toLowerCase() ?? macAddressOf(ipv4),
      index: FIRST_INDEX + place,
      name: `eth${place}`,
    };
    network.members.set(record, endpoint);
    record.endpoints.set(network.id, endpoint);
    return endpoint;
  } catch (error) {
    for (const address of taken) network.ipv4.giveBack(address);
    throw error;
  }
}

/** Whoever has the address does not run: as with Docker, the first to start has it then. */
function rests(network: NetworkRecord, address: string | undefined): boolean {
  const holders = holdersOf(network, address);
  return holders.length > 0 && holders.every(({ running, starting }) => !running && !starting);
}

/** @throws NETWORK_ADDRESS_TAKEN where another container runs with an address of this one */
export function checkAddresses(record: ContainerRecord): void {
  for (const { network, ipv4, ipv6 } of record.endpoints.values()) {
    for (const { address } of [ipv4, ...(ipv6 ? [ipv6] : [])]) {
      const others = holdersOf(network, address).filter((member) => member !== record);
      if (others.some(({ running, starting }) => running || starting)) throw addressTaken(network.name, address);
    }
  }
}

function holdersOf(network: NetworkRecord, address: string | undefined): NetworkMember[] {
  if (address === undefined) return [];
  return [...network.members].flatMap(([member, { ipv4, ipv6 }]) =>
    ipv4.address === address || ipv6?.address === address ? [member] : [],
  );
}

function checkEndpoint(network: NetworkRecord, record: ContainerRecord, spec: EndpointSpec): void {
  const { ipv6Address } = spec;
  if (network.members.has(record)) {
    throw new CaissonError("NETWORK_ALREADY_CONNECTED", `Container ${record.name} is on network ${network.name} already`, {
      facts: { network: network.name, containerId: record.id },
    });
  }
  validateEndpoint(spec);
  if (ipv6Address !== undefined && !network.ipv6)
    throw optionError("ipv6Address", ipv6Address, `absent: network ${network.name} has no IPv6`);
}

export function releaseEndpoint(record: NetworkMember, { network, ipv4, ipv6 }: Endpoint): void {
  network.ipv4.giveBack(ipv4.address);
  if (ipv6) network.ipv6?.giveBack(ipv6.address);
  network.members.delete(record);
  record.endpoints.delete(network.id);
}

/** Run by a process in the container's network namespace. The first network that leads out has the default route. */
export function planEndpoint(record: ContainerRecord, endpoint: Endpoint): Plan {
  const { network, ipv4, ipv6, index, name, macAddress } = endpoint;
  const veth = vethMessages({ hostIndex: network.nextHostIndex(), index, name, macAddress });
  const leadsOut = wayOut(record) === endpoint;
  const gateways = leadsOut ? gatewaysOf(network) : [];
  return [
    { op: "NETLINK", name: network.id, data: veth.data, offset: [veth.offset] },
    { op: "NETLINK", data: endpointMessages(endpoint.index, [ipv4, ...(ipv6 ? [ipv6] : [])], gateways) },
  ];
}

/** Where nothing leads out, a route would make waiting of what should be refused. */
function gatewaysOf({ uplink, gateways }: NetworkRecord): readonly string[] {
  return uplink === undefined ? [] : gateways.map(({ address }) => address);
}

/** The endpoint of the default route and of published ports. */
export function wayOut(record: NetworkMember): Endpoint | undefined {
  if (record.address) return undefined;
  return [...record.endpoints.values()].find(({ network }) => !network.internal);
}

/** Links a running container. */
export async function linkEndpoint(session: Session, record: ContainerRecord, endpoint: Endpoint): Promise<void> {
  await runInside(session, record, planEndpoint(record, endpoint), `Connecting ${record.name} to network ${endpoint.network.name}`);
}

/** Takes the link of a running container away; another network may become the way out. */
export async function unlinkEndpoint(
  session: Session,
  record: ContainerRecord,
  endpoint: Endpoint,
  next: Endpoint | undefined,
): Promise<void> {
  const plan: Plan = [
    { op: "NETLINK", data: removeLinkMessage(endpoint.index) },
    ...(next
      ? [
          {
            op: "NETLINK" as const,
            data: endpointMessages(next.index, [], gatewaysOf(next.network)),
          },
        ]
      : []),
  ];
  await runInside(session, record, plan, `Disconnecting ${record.name} from network ${endpoint.network.name}`);
}

async function runInside(session: Session, record: ContainerRecord, plan: Plan, doing: string): Promise<void> {
  try {
    await session.supervisor.request(Message.TRY, (writer) => {
      writer.text(Tag.ID, record.id).u64(Tag.CLONE_FLAGS, 0);
      writer.nested(Tag.PLAN, (nested) => writePlan(nested, [{ op: "SETNS", flags: CloneFlag.NEWNET }, ...plan]));
    });
  } catch (error) {
    throw error instanceof SupervisorFailure ? error.asError(doing) : error;
  }
}
