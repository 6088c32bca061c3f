/**
 * What leaves a network namespace for the outside, and where it arrives: the rules of its nf_tables chains, and those of the
 * supervisor, which dials. native/uplink.c tells how the two work together.
 */
import { addressBytes } from "../../spec/address-bytes.js";
import { LOOPBACK_ADDRESSES } from "./addresses.js";
import { LOOPBACK_INDEX } from "./netlink.js";
import {
  accept,
  Base,
  captureRequest,
  chainBatch,
  differs,
  drop,
  type Expression,
  equals,
  Fib,
  fib,
  log,
  Meta,
  mask,
  meta,
  payload,
  Reject,
  type Rule,
  reject,
  tproxy,
} from "./nftables.js";
import { byte, destination, destinationPort, family, from, IPV4, IPV6, protocol, TCP, UDP } from "./nftables-matches.js";

/** Of our sockets in the namespace. In a container's it is taken: one that nobody listens on, below those that the kernel gives away. */
export const UPLINK_PORT = 6;

/** Of packets that the supervisor sends into the namespace, and so of those that the chains let go. */
export const UPLINK_MARK = 0xca155;
const CAPTURE_GROUP = 6;

/** Where the names of the host lead (runtime/etc-files.ts): an address of the namespace that stands for the host. */
export interface HostGateway {
  readonly address: string;
  readonly exposed: readonly ExposedHostPort[];
}

export interface ExposedHostPort {
  readonly port: number;
  /** The container that may use it; undefined: whoever is in the namespace. */
  readonly source?: string | undefined;
}

export interface UplinkScope {
  /** A container's own namespace: what it listens on must not answer in the host's place. */
  readonly ofContainer: boolean;
  readonly gateways: readonly HostGateway[];
  /** IPv6 addresses of the namespace besides the loopback's and link-local ones; undefined without a way out for IPv6. */
  readonly ipv6: readonly string[] | undefined;
}

/** A rule of the supervisor's: the first that fits decides. */
export interface UplinkRule {
  /** Destinations. */
  readonly address: string;
  readonly prefixLength: number;
  readonly port?: number | undefined;
  /** Addresses to dial; `"destination"` for the destination itself; none: refused. */
  readonly dial: readonly string[] | "destination";
  readonly source?: string | undefined;
}

/**
 * Never dialed as they are: this host's loopback, also by its other names (0.0.0.0 and :: reach it on Linux, and IPv4 addresses can be
 * written as IPv6 ones), and what is of one link or of many hosts.
 */
const NEVER: readonly (readonly [address: string, prefixLength: number])[] = [
  ["0.0.0.0", 8],
  ["127.0.0.0", 8],
  ["224.0.0.0", 3],
  ["::", 96],
  ["::ffff:0.0.0.0", 96],
  ["fe80::", 10],
  ["ff00::", 8],
];

export function uplinkRules({ gateways }: UplinkScope): readonly UplinkRule[] {
  const everything = [
    ["0.0.0.0", 0],
    ["::", 0],
  ] as const;
  return [
    ...gateways.flatMap(({ address, exposed }) => [
      ...exposed.map(({ port, source }) => ({ ...hostOf(address), port, source, dial: LOOPBACK_ADDRESSES })),
      { ...hostOf(address), dial: [] },
    ]),
    ...NEVER.map(([address, prefixLength]) => ({ address, prefixLength, dial: [] })),
    ...everything.map(([address, prefixLength]) => ({ address, prefixLength, dial: "destination" as const })),
  ];
}

function hostOf(address: string): { readonly address: string; readonly prefixLength: number } {
  return { address, prefixLength: addressBytes(address).length * 8 };
}

/** The transaction that makes the namespace's chains. */
export function uplinkChains(scope: UplinkScope): Buffer {
  return chainBatch("caisson", [
    { name: "uplink", type: "filter", hook: "prerouting", priority: AFTER_DNAT, rules: chainRules(scope) },
    { name: "resets", type: "filter", hook: "output", priority: FILTER, rules: [HELD_RESETS] },
  ]);
}

/** By which the supervisor gets the packets that the chains hold for it. */
export function uplinkCapture(): Buffer {
  return captureRequest(CAPTURE_GROUP);
}

/** What a container has translated itself (a Kubernetes node, say) is not for us. -100 is NF_IP_PRI_NAT_DST. */
const AFTER_DNAT = -90;
/** NF_IP_PRI_FILTER */
const FILTER = 0;
const RTN_UNICAST = 1;

/** A packet that no rule accepts, and that is not one of ours, is answered with an error. */
function chainRules({ ofContainer, gateways, ipv6 }: UplinkScope): readonly Rule[] {
  return [
    // Established connections find their sockets by themselves. First, since these are most packets.
    [...protocol(TCP), payload(Base.TRANSPORT, 13, 1), mask(byte(FLAGS_FIN_SYN_RST_ACK)), differs(byte(FLAG_SYN)), accept()],
    [...protocol(TCP), meta(Meta.MARK), equals(u32(UPLINK_MARK)), ...tproxy(UPLINK_PORT), accept()],
    ...gateways.flatMap((gateway) => gatewayRules(gateway, ofContainer)),
    // What has another route: members of networks, bridges that the container made. Of packets on `lo` the kernel says `lo`, unasked.
    [fib(Fib.OIF), differs(u32(0)), differs(u32(LOOPBACK_INDEX)), accept()],
    // The namespace's own addresses, broadcast, multicast. The table of our route is not asked for this.
    [...family(IPV4), fib(Fib.TYPE), differs(u32(RTN_UNICAST)), accept()],
    ...(ipv6
      ? ownIpv6(ipv6).map(([address, prefixLength]) => [...destination(address, prefixLength), accept()])
      : [[...family(IPV6), accept()]]),
    captured([]),
    received([]),
    [reject(Reject.PROHIBITED)],
  ];
}

/** A connection is dialed before it may go on. */
function captured(match: readonly Expression[]): Rule {
  return [...match, ...protocol(TCP), log(CAPTURE_GROUP), drop()];
}

/** Datagrams go on at once. */
function received(match: readonly Expression[]): Rule {
  return [...match, ...tproxy(UPLINK_PORT), accept()];
}

const FLAGS_FIN_SYN_RST_ACK = 0x17;
const FLAGS_RST_ACK = 0x14;
const FLAG_SYN = 0x02;
const FLAG_RST = 0x04;

/**
 * What the kernel answers a segment with that it finds no socket for (RFC 9293 section 3.10.7.1: without ACK; that of a socket has
 * one). The supervisor lets it go on, unless the connection has just been made (native/uplink_hold.c).
 */
const HELD_RESETS: Rule = [
  ...protocol(TCP),
  payload(Base.TRANSPORT, 13, 1),
  mask(byte(FLAGS_RST_ACK)),
  equals(byte(FLAG_RST)),
  meta(Meta.MARK),
  differs(u32(UPLINK_MARK)),
  log(CAPTURE_GROUP),
  drop(),
];

function gatewayRules({ address, exposed }: HostGateway, ofContainer: boolean): readonly Rule[] {
  const there = destination(address, addressBytes(address).length * 8);
  return [
    // Which connections may go on the supervisor decides by its own rules, so that it can tell of those that may not.
    captured(there),
    ...exposed.map(({ port, source }) => received([...there, ...from(source), ...destinationPort(port)])),
    // In a network's namespace these may be answers to published ports, and nobody else listens there.
    ...(ofContainer ? [[...there, ...protocol(UDP), reject(Reject.PORT_UNREACHABLE)]] : []),
  ];
}

function ownIpv6(addresses: readonly string[]): readonly (readonly [string, number])[] {
  return [["::1", 128], ["fe80::", 10], ["ff00::", 8], ...addresses.map((address) => [address, 128] as const)];
}

/** In the byte order of the host, as the kernel's own numbers are. */
function u32(value: number): Buffer {
  return Buffer.from(Uint32Array.of(value).buffer);
}
