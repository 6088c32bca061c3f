/** What the name server of a container says to one DNS query (RFC 1035), as far as names of networks go. Pure. */
import * as dns from "dns-packet";
import { addressText } from "../../spec/address-bytes.js";

/** One network as a member of it sees it. */
export interface NameScope {
  readonly network: string;
  readonly members: readonly NamedMember[];
}

export interface NamedMember {
  /** The first one is the canonical name. */
  readonly names: readonly string[];
  readonly ipv4: string;
  readonly ipv6: string | undefined;
}

/** `reply` is whole; `forward` is for somebody else to answer; what is `dropped` is no query. */
export type Verdict =
  | { readonly kind: "reply"; readonly message: Buffer }
  | { readonly kind: "forward"; readonly query: dns.DecodedPacket }
  | { readonly kind: "dropped" };

/** Seconds: addresses change with a restart of a container, and asking again costs next to nothing. */
const TTL = 1;
const HEADER = 12;
const QR = 0x8000;
const Rcode = { FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4 } as const;

/**
 * @param turn asked where there are several answers: which one comes first, so that containers of one alias take turns
 */
export function answerQuery(message: Buffer, scopes: readonly NameScope[], turn: () => number): Verdict {
  if (message.length < HEADER || (message.readUInt16BE(2) & QR) !== 0) return { kind: "dropped" };
  let query: dns.DecodedPacket;
  try {
    query = dns.decode(message);
  } catch {
    return { kind: "reply", message: failureReply(message, Rcode.FORMERR) };
  }
  const question = query.questions?.[0];
  if (((message.readUInt16BE(2) >> 11) & 0xf) !== 0) return { kind: "reply", message: failureReply(message, Rcode.NOTIMP) };
  if (!question || query.questions!.length !== 1) return { kind: "reply", message: failureReply(message, Rcode.FORMERR) };
  if (question.class !== "IN" && question.class !== "ANY") return { kind: "forward", query };
  const name = question.name.toLowerCase().replace(/\.$/, "");
  const answers = question.type === "PTR" ? pointers(name, scopes) : addresses(name, question, scopes);
  if (!answers) return { kind: "forward", query };
  return { kind: "reply", message: reply(query, answers.length > 1 ? rotated(answers, turn()) : answers) };
}

/** Undefined for a name that no network knows; empty for one without such a record, which ends the search. */
function addresses(name: string, { type }: dns.Question, scopes: readonly NameScope[]): dns.Answer[] | undefined {
  const found = scopes.flatMap(({ network, members }) =>
    members.filter(({ names }) => names.some((each) => name === each.toLowerCase() || name === `${each}.${network}`.toLowerCase())),
  );
  if (found.length === 0) return undefined;
  const wanted = type as dns.RecordType | "ANY";
  return found.flatMap(({ ipv4, ipv6 }): dns.Answer[] => [
    ...(wanted === "A" || wanted === "ANY" ? [{ type: "A", name, ttl: TTL, data: ipv4 } as const] : []),
    ...((wanted === "AAAA" || wanted === "ANY") && ipv6 !== undefined ? [{ type: "AAAA", name, ttl: TTL, data: ipv6 } as const] : []),
  ]);
}

function pointers(name: string, scopes: readonly NameScope[]): dns.Answer[] | undefined {
  const address = addressOfPointer(name);
  for (const { network, members } of scopes) {
    const member = members.find(({ ipv4, ipv6 }) => ipv4 === address || ipv6 === address);
    if (member) return [{ type: "PTR", name, ttl: TTL, data: `${member.names[0]}.${network}` }];
  }
  return undefined;
}

/** `2.0.18.172.in-addr.arpa` and the nibbles of `ip6.arpa` (RFC 3596). */
function addressOfPointer(name: string): string | undefined {
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name);
  if (v4) return v4.slice(1).reverse().join(".");
  const v6 = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name);
  return v6 ? addressText(Buffer.from(v6[1]!.replaceAll(".", "").split("").reverse().join(""), "hex")) : undefined;
}

function rotated<T>(items: readonly T[], by: number): T[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

function reply(query: dns.DecodedPacket, answers: readonly dns.Answer[]): Buffer {
  const flags = dns.AUTHORITATIVE_ANSWER | dns.RECURSION_AVAILABLE | (query.flag_rd ? dns.RECURSION_DESIRED : 0);
  return dns.encode({ type: "response", id: query.id ?? 0, flags, questions: query.questions ?? [], answers: [...answers] });
}

/** The query sent back with the reason why there is no answer. */
export function failureReply(query: Buffer, rcode: number): Buffer {
  const flags = query.readUInt16BE(2);
  const end = query.readUInt16BE(4) === 1 ? endOfQuestion(query) : undefined;
  const message = Buffer.from(query.subarray(0, end ?? HEADER));
  message.writeUInt16BE((flags & 0x7900) | QR | dns.RECURSION_AVAILABLE | rcode, 2);
  message.writeUInt16BE(end === undefined ? 0 : 1, 4);
  message.fill(0, 6, HEADER);
  return message;
}

/** Undefined for a question that can't be read, and so not be repeated either. */
function endOfQuestion(query: Buffer): number | undefined {
  let at = HEADER;
  for (let length = query[at]; length !== 0; length = query[at]) {
    if (length === undefined || length > 63) return undefined;
    at += 1 + length;
  }
  return at + 5 <= query.length ? at + 5 : undefined;
}

export function nameErrorReply(query: Buffer): Buffer {
  return failureReply(query, Rcode.NXDOMAIN);
}

export function serverFailureReply(query: Buffer): Buffer {
  return failureReply(query, Rcode.SERVFAIL);
}
