/**
 * nf_tables requests (linux/netfilter/nf_tables.h), to be sent by the supervisor as they are: chains, of rules that are lists of
 * expressions. Only what the uplink and the name server need; an expression reads or writes a register of the kernel's virtual
 * machine.
 */
import { attribute, NetlinkFlag, nestedAttribute, textAttribute } from "./netlink-message.js";

const Message = { BATCH_BEGIN: 16, BATCH_END: 17 } as const;
const SUBSYSTEM = 10;
const Nft = { NEWTABLE: 0, NEWCHAIN: 3, NEWRULE: 6, DELRULE: 8 } as const;
const FAMILY_INET = 1;
/** NF_INET_PRE_ROUTING, NF_INET_LOCAL_OUT */
const Hook = { prerouting: 0, output: 3 } as const;
const REGISTER_VERDICT = 0;
const REGISTER = 1;
const VERDICT_DROP = 0;
const VERDICT_ACCEPT = 1;

/** One step of a rule. */
export type Expression = Buffer;
export type Rule = readonly Expression[];

export interface Chain {
  readonly name: string;
  readonly type: "filter" | "nat";
  readonly hook: keyof typeof Hook;
  /** Among the chains of the hook: lower ones go first. */
  readonly priority: number;
  readonly rules: readonly Rule[];
}

type Request = readonly [type: number, flags: number, ...attributes: readonly Buffer[]];

/** A transaction that makes the chains of the table what is said here, whether or not they are there already. */
export function chainBatch(table: string, chains: readonly Chain[]): Buffer {
  const inTable = textAttribute(1, table);
  const requests: readonly Request[] = [
    [Nft.NEWTABLE, NetlinkFlag.CREATE, inTable],
    ...chains.flatMap((chain) => chainRequests(inTable, chain)),
  ];
  return Buffer.concat([
    message(Message.BATCH_BEGIN, 0, 0, SUBSYSTEM),
    ...requests.map(([type, flags, ...attributes], index) =>
      // A request that fails is always answered; that the last one did not says that all were carried out.
      message((SUBSYSTEM << 8) | type, flags | (index === requests.length - 1 ? NetlinkFlag.ACK : 0), FAMILY_INET, 0, ...attributes),
    ),
    message(Message.BATCH_END, 0, 0, SUBSYSTEM),
  ]);
}

function chainRequests(inTable: Buffer, { name, type, hook, priority, rules }: Chain): readonly Request[] {
  const place = nestedAttribute(4, u32(1, Hook[hook]), u32(2, priority));
  return [
    [Nft.NEWCHAIN, NetlinkFlag.CREATE, inTable, textAttribute(3, name), place, u32(5, VERDICT_ACCEPT), textAttribute(7, type)],
    [Nft.DELRULE, 0, inTable, textAttribute(2, name)],
    ...rules.map((rule): Request => {
      const expressions = nestedAttribute(4, ...rule.map((expression) => nestedAttribute(1, expression)));
      return [Nft.NEWRULE, NetlinkFlag.CREATE | NetlinkFlag.APPEND, inTable, textAttribute(2, name), expressions];
    }),
  ];
}

/** Makes the kernel send what the rules log to the group to the socket that asks, packet by packet (nfnetlink_log.h). */
export function captureRequest(group: number): Buffer {
  const SUBSYSTEM_LOG = 4;
  const CONFIG = 1;
  const BIND = 1;
  const COPY_PACKET = 2;
  const mode = Buffer.from([0, 0, 0xff, 0xff, COPY_PACKET, 0]);
  return message(
    (SUBSYSTEM_LOG << 8) | CONFIG,
    NetlinkFlag.ACK,
    0,
    group,
    attribute(1, Buffer.from([BIND])),
    attribute(2, mode),
    u32(3, 512), // bytes reserved for a message; larger ones get what they need
    u32(5, 1), // messages that are sent together
  );
}

export const Meta = { MARK: 3, NFPROTO: 15, L4PROTO: 16 } as const;

/** Loads a fact about the packet. */
export function meta(key: number): Expression {
  return expression("meta", u32(1, REGISTER), u32(2, key));
}

export const Base = { NETWORK: 1, TRANSPORT: 2 } as const;

/** Loads bytes of a header. */
export function payload(base: number, offset: number, length: number): Expression {
  return expression("payload", u32(1, REGISTER), u32(2, base), u32(3, offset), u32(4, length));
}

/** Keeps only the bits of the mask. */
export function mask(bits: Buffer): Expression {
  const nothing = Buffer.alloc(bits.length);
  return expression("bitwise", u32(1, REGISTER), u32(2, REGISTER), u32(3, bits.length), data(4, bits), data(5, nothing));
}

/** Ends the rule unless what was loaded equals the value. */
export function equals(value: Buffer): Expression {
  return expression("cmp", u32(1, REGISTER), u32(2, 0), data(3, value));
}

/** Ends the rule when what was loaded equals the value. */
export function differs(value: Buffer): Expression {
  return expression("cmp", u32(1, REGISTER), u32(2, 1), data(3, value));
}

export const Fib = { OIF: 1, TYPE: 3 } as const;

/** Loads what the routes say of the destination: the index of the interface (0: ends here, or leads nowhere), or the type of the address. */
export function fib(result: number): Expression {
  const FLAG_DESTINATION = 2;
  return expression("fib", u32(1, REGISTER), u32(2, result), u32(3, FLAG_DESTINATION));
}

/** Gives a TCP or UDP packet to the transparent socket on a port of this namespace; ends the rule for other packets. */
export function tproxy(port: number): readonly Expression[] {
  const FAMILY_ANY = 0;
  return [expression("immediate", u32(1, REGISTER), data(2, portBytes(port))), expression("tproxy", u32(1, FAMILY_ANY), u32(3, REGISTER))];
}

/** Makes the connection, both ways, one with another port of the same IPv4 address. In a chain of type nat. */
export function destinationNat(port: number): readonly Expression[] {
  const TYPE_DESTINATION = 1;
  const FAMILY_IPV4 = 2;
  const nat = expression("nat", u32(1, TYPE_DESTINATION), u32(2, FAMILY_IPV4), u32(5, REGISTER));
  return [expression("immediate", u32(1, REGISTER), data(2, portBytes(port))), nat];
}

export function accept(): Expression {
  return verdict(VERDICT_ACCEPT);
}

export function drop(): Expression {
  return verdict(VERDICT_DROP);
}

function verdict(code: number): Expression {
  return expression("immediate", u32(1, REGISTER_VERDICT), nestedAttribute(2, nestedAttribute(2, u32(1, code))));
}

/** Sends the packet to who asked for the group, see {@link captureRequest}. */
export function log(group: number): Expression {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(group);
  return expression("log", attribute(1, bytes));
}

export const Reject = {
  TCP_RESET: { type: 1, code: 0 },
  PORT_UNREACHABLE: { type: 2, code: 1 },
  PROHIBITED: { type: 2, code: 3 },
} as const;

/** Answers and drops. */
export function reject({ type, code }: { readonly type: number; readonly code: number }): Expression {
  return expression("reject", u32(1, type), attribute(2, Buffer.from([code])));
}

export function portBytes(port: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(port);
  return bytes;
}

function expression(name: string, ...attributes: readonly Buffer[]): Expression {
  return Buffer.concat([textAttribute(1, name), nestedAttribute(2, ...attributes)]);
}

function data(type: number, value: Buffer): Buffer {
  return nestedAttribute(type, attribute(1, value));
}

/** In network order, as everything of nf_tables is. */
function u32(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return attribute(type, bytes);
}

/** struct nlmsghdr, then struct nfgenmsg. */
function message(type: number, flags: number, family: number, resource: number, ...attributes: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt32LE(20 + attributes.reduce((sum, each) => sum + each.length, 0), 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(NetlinkFlag.REQUEST | flags, 6);
  header.writeUInt8(family, 16);
  header.writeUInt16BE(resource, 18);
  return Buffer.concat([header, ...attributes]);
}
