/** Listening sockets as /proc/net/tcp and its like show them (proc_net(5), kernel net/ipv4/tcp_ipv4.c). Pure. */
import type { ListeningSocket } from "../../engine.js";

/** Files below /proc/net, by what they show. */
export const SOCKET_TABLES = ["tcp", "tcp6", "udp", "udp6"] as const;

const STATES = { tcp: "0A", udp: "07" } as const;
/** Of an IPv4 address that is written as an IPv6 one. */
const MAPPED = "0000000000000000FFFF0000";
const LOOPBACK_6 = "00000000000000000000000001000000";

/** @param text of the table */
export function socketsOf(table: (typeof SOCKET_TABLES)[number], text: string): ListeningSocket[] {
  const protocol = table.startsWith("tcp") ? "tcp" : "udp";
  return text.split("\n").flatMap((line) => {
    const [, local = "", , state] = line.trim().split(/\s+/);
    return state === STATES[protocol] && local.includes(":") ? [socketOf(protocol, local)] : [];
  });
}

/** @param local `0100007F:1F90`: each group of eight digits is a number of this machine's, here little-endian */
export function socketOf(protocol: "tcp" | "udp", local: string): ListeningSocket {
  const [hex = "", port = "0"] = local.toUpperCase().split(":");
  const short = hex.startsWith(MAPPED) ? hex.slice(MAPPED.length) : hex;
  const bytes = Buffer.from((short.match(/.{8}/g) ?? []).map((word) => (word.match(/../g) ?? []).reverse().join("")).join(""), "hex");
  const loopback = short.length === 8 ? bytes[0] === 127 : hex === LOOPBACK_6;
  return { protocol, address: addressText(bytes), port: Number.parseInt(port, 16), reachable: !loopback };
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: bytes.length / 2 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16)).join(":");
  return new URL(`http://[${groups}]`).hostname.slice(1, -1);
}
