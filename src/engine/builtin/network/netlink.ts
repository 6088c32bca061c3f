/** rtnetlink messages (rtnetlink(7)) that configure network namespaces of ours, to be sent by the supervisor as they are. */
import { addressBytes } from "../../spec/address-bytes.js";
import type { ContainerAddress } from "./addresses.js";
import { attribute, NetlinkFlag, netlinkMessage, textAttribute, u8Attribute, u32Attribute } from "./netlink-message.js";

const Rtm = { NEWLINK: 16, DELLINK: 17, NEWADDR: 20, NEWROUTE: 24 } as const;
const Ifla = { ADDRESS: 1, IFNAME: 3, MASTER: 10, LINKINFO: 18, NET_NS_FD: 28 } as const;
const LinkInfo = { KIND: 1, DATA: 2 } as const;
const VETH_INFO_PEER = 1;
const Bridge = { FORWARD_DELAY: 1, STP_STATE: 5, MCAST_SNOOPING: 23 } as const;
const Address = { ADDRESS: 1, LOCAL: 2, FLAGS: 8 } as const;
const Route = { OIF: 4, GATEWAY: 5, PREFERRED_SOURCE: 7 } as const;
const AF_INET = 2;
const AF_INET6 = 10;
const IFF_UP = 1;
/** No duplicate address detection, which takes seconds: the addresses of a network are ours to give. */
const IFA_F_NODAD = 2;
/** Asked last, whatever rules there are (fib_rules): what is there is for what no other route takes. IPv6 has no such table. */
const RT_TABLE_DEFAULT = 253;
const RT_TABLE_MAIN = 254;
const RTPROT_BOOT = 3;
const RTN_UNICAST = 1;
const RTN_LOCAL = 2;
const RT_SCOPE_HOST = 254;
/** The kernel gives the loopback interface of every network namespace this index. */
export const LOOPBACK_INDEX = 1;
/** Of a network's bridge. Higher than those of the tunnels that some kernels put into every new namespace. */
const BRIDGE_INDEX = 1000;

/** An address with the length of its subnet's prefix. */
export interface InterfaceAddress {
  readonly address: string;
  readonly prefixLength: number;
}

/** One end of a pair of virtual interfaces in a container, the other one on a network's bridge. */
export interface VirtualLink {
  /** Index in the network's namespace, one of each. */
  readonly hostIndex: number;
  /** Index and name in the container. */
  readonly index: number;
  readonly name: string;
  readonly macAddress: string;
}

/** Brings `lo` up, which gives it 127.0.0.1 and ::1, with the container's address and the gateway's on it. */
export function loopbackMessages(address: ContainerAddress | undefined): Buffer {
  const addresses = address ? [address.address, address.gateway] : [];
  return Buffer.concat([
    linkUp(LOOPBACK_INDEX),
    ...addresses.map((each) => addAddress(LOOPBACK_INDEX, { address: each, prefixLength: 32 })),
  ]);
}

/** A network's own namespace: the bridge that is its switch, with the gateway's addresses. */
export function bridgeMessages(macAddress: string, gateways: readonly InterfaceAddress[]): Buffer {
  const bridge = attribute(
    Ifla.LINKINFO,
    textAttribute(LinkInfo.KIND, "bridge"),
    attribute(
      LinkInfo.DATA,
      u32Attribute(Bridge.FORWARD_DELAY, 0),
      u32Attribute(Bridge.STP_STATE, 0),
      // Else neighbours are not found by IPv6 for as long as nobody has asked who listens.
      u8Attribute(Bridge.MCAST_SNOOPING, 0),
    ),
  );
  return Buffer.concat([
    linkUp(LOOPBACK_INDEX),
    // A bridge without an address of its own takes the lowest of its members', and changes it as they come and go.
    newLink(BRIDGE_INDEX, textAttribute(Ifla.IFNAME, "br0"), attribute(Ifla.ADDRESS, macBytes(macAddress)), bridge),
    ...gateways.map((gateway) => addAddress(BRIDGE_INDEX, gateway)),
  ]);
}

/**
 * Run in the network's namespace: makes the pair and puts one end on the bridge. `offset` is where a descriptor of the
 * container's namespace belongs.
 */
export function vethMessages(link: VirtualLink): { readonly data: Buffer; readonly offset: number } {
  const namespace = u32Attribute(Ifla.NET_NS_FD, PLACEHOLDER);
  const peer = attribute(
    VETH_INFO_PEER,
    // Not up yet: the kernel refuses to open an end before it knows the other one.
    linkHeader(link.index, 0),
    textAttribute(Ifla.IFNAME, link.name),
    attribute(Ifla.ADDRESS, macBytes(link.macAddress)),
    namespace,
  );
  const info = attribute(Ifla.LINKINFO, textAttribute(LinkInfo.KIND, "veth"), attribute(LinkInfo.DATA, peer));
  const data = newLink(link.hostIndex, textAttribute(Ifla.IFNAME, `c${link.hostIndex}`), u32Attribute(Ifla.MASTER, BRIDGE_INDEX), info);
  return { data, offset: data.indexOf(namespace) + 4 };
}

/** No descriptor has this number. */
const PLACEHOLDER = 0xffff_fff0;

/** Run in the container's namespace: the addresses of its end, and the way out where there is one. */
export function endpointMessages(index: number, addresses: readonly InterfaceAddress[], gateways: readonly string[]): Buffer {
  return Buffer.concat([
    ...addresses.map((address) => addAddress(index, address)),
    linkUp(index),
    ...gateways.map((gateway) => defaultRoute(index, gateway)),
  ]);
}

/** Run in the container's namespace: ends a connection, both ends of it. */
export function removeLinkMessage(index: number): Buffer {
  return netlinkMessage(Rtm.DELLINK, 0, linkHeader(index, 0));
}

function linkUp(index: number): Buffer {
  return netlinkMessage(Rtm.NEWLINK, 0, linkHeader(index, IFF_UP));
}

function newLink(index: number, ...attributes: readonly Buffer[]): Buffer {
  return netlinkMessage(Rtm.NEWLINK, NetlinkFlag.CREATE | NetlinkFlag.EXCLUSIVE, linkHeader(index, IFF_UP), ...attributes);
}

/** struct ifinfomsg */
function linkHeader(index: number, flags: number): Buffer {
  const header = Buffer.alloc(16);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE(flags, 8);
  header.writeUInt32LE(flags, 12);
  return header;
}

function addAddress(index: number, { address, prefixLength }: InterfaceAddress): Buffer {
  const bytes = addressBytes(address);
  const header = Buffer.alloc(8);
  header.writeUInt8(bytes.length === 4 ? AF_INET : AF_INET6, 0);
  header.writeUInt8(prefixLength, 1);
  header.writeInt32LE(index, 4);
  return netlinkMessage(
    Rtm.NEWADDR,
    NetlinkFlag.CREATE | NetlinkFlag.EXCLUSIVE,
    header,
    attribute(Address.LOCAL, bytes),
    attribute(Address.ADDRESS, bytes),
    ...(bytes.length === 16 ? [u32Attribute(Address.FLAGS, IFA_F_NODAD)] : []),
  );
}

function defaultRoute(index: number, gateway: string): Buffer {
  const bytes = addressBytes(gateway);
  const header = Buffer.alloc(12);
  header.writeUInt8(bytes.length === 4 ? AF_INET : AF_INET6, 0);
  header.writeUInt8(RT_TABLE_MAIN, 4);
  header.writeUInt8(RTPROT_BOOT, 5);
  header.writeUInt8(RTN_UNICAST, 7);
  return netlinkMessage(
    Rtm.NEWROUTE,
    NetlinkFlag.CREATE | NetlinkFlag.EXCLUSIVE,
    header,
    attribute(Route.GATEWAY, bytes),
    u32Attribute(Route.OIF, index),
  );
}

/**
 * The kernel takes what is sent to any address that nothing else leads to for its own.
 * @param source address of the namespace that connections come from
 */
export function uplinkRouteMessages({ source, ipv6 }: { readonly source: string | undefined; readonly ipv6: boolean }): Buffer {
  const preferred = source === undefined ? [] : [attribute(Route.PREFERRED_SOURCE, addressBytes(source))];
  return Buffer.concat([
    localDefaultRoute(AF_INET, RT_TABLE_DEFAULT, RT_SCOPE_HOST, preferred),
    ...(ipv6 ? [localDefaultRoute(AF_INET6, RT_TABLE_MAIN, 0, [])] : []),
  ]);
}

function localDefaultRoute(family: number, table: number, scope: number, attributes: readonly Buffer[]): Buffer {
  const header = Buffer.from([family, 0, 0, 0, table, RTPROT_BOOT, scope, RTN_LOCAL, 0, 0, 0, 0]);
  return netlinkMessage(
    Rtm.NEWROUTE,
    NetlinkFlag.CREATE | NetlinkFlag.EXCLUSIVE,
    header,
    u32Attribute(Route.OIF, LOOPBACK_INDEX),
    ...attributes,
  );
}

export function macBytes(macAddress: string): Buffer {
  return Buffer.from(macAddress.replaceAll(":", ""), "hex");
}
