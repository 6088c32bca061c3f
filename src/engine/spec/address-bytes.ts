/** Addresses as bytes and text. Pure. */
import { isIPv4, isIPv6 } from "node:net";
import { optionError } from "../errors.js";

/** Network order, 4 or 16 bytes. @throws OPTION_INVALID */
export function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  if (isIPv6(address)) return ipv6Bytes(address);
  throw optionError("hostIp", address, "an IPv4 or IPv6 address");
}

export function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  // The host parser of URL writes the canonical, compressed form (RFC 5952).
  return new URL(`http://[${groups.join(":")}]/`).hostname.slice(1, -1);
}

function ipv6Bytes(address: string): Buffer {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address.split("%")[0] ?? "");
  const text = dotted ? dotted[1] + toGroups(dotted[2]!) : (address.split("%")[0] ?? "");
  const [left = "", right] = text.split("::");
  const head = left.split(":").filter(Boolean);
  const tail = (right ?? "").split(":").filter(Boolean);
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
  const bytes = Buffer.alloc(16);
  for (const [index, group] of groups.entries()) bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  return bytes;
}

function toGroups(ipv4: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.split(".").map(Number);
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
