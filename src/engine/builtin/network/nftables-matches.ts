/** Beginnings of nf_tables rules: which packets they are for. */
import { addressBytes } from "../../spec/address-bytes.js";
import { Base, type Expression, equals, Meta, mask, meta, payload, portBytes } from "./nftables.js";

export const TCP = 6;
export const UDP = 17;
export const IPV4 = 2;
export const IPV6 = 10;

export function family(number: number): readonly Expression[] {
  return [meta(Meta.NFPROTO), equals(byte(number))];
}

export function protocol(number: number): readonly Expression[] {
  return [meta(Meta.L4PROTO), equals(byte(number))];
}

export function destinationPort(port: number): readonly Expression[] {
  return [payload(Base.TRANSPORT, 2, 2), equals(portBytes(port))];
}

export function destination(address: string, prefixLength: number): readonly Expression[] {
  return headerAddress(address, prefixLength, { ipv4: 16, ipv6: 24 });
}

export function from(address: string | undefined): readonly Expression[] {
  if (address === undefined) return [];
  return headerAddress(address, addressBytes(address).length * 8, { ipv4: 12, ipv6: 8 });
}

function headerAddress(
  address: string,
  prefixLength: number,
  offset: { readonly ipv4: number; readonly ipv6: number },
): readonly Expression[] {
  const bytes = addressBytes(address);
  const is4 = bytes.length === 4;
  const load = [...family(is4 ? IPV4 : IPV6), payload(Base.NETWORK, is4 ? offset.ipv4 : offset.ipv6, bytes.length)];
  const whole = prefixLength === bytes.length * 8;
  return [...load, ...(whole ? [] : [mask(prefixMask(bytes.length, prefixLength))]), equals(bytes)];
}

function prefixMask(length: number, prefixLength: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (0xff << (8 - Math.min(8, Math.max(0, prefixLength - index * 8)))) & 0xff));
}

export function byte(value: number): Buffer {
  return Buffer.from([value]);
}
