/** Subnets as numbers: parsing and containment. Pure. */
import { isIPv4, isIPv6 } from "node:net";
import { optionError } from "../errors.js";
import { addressBytes, addressText } from "./address-bytes.js";

export interface Subnet {
  readonly family: 4 | 6;
  /** First address. */
  readonly base: bigint;
  readonly prefixLength: number;
}

const bits = { 4: 32, 6: 128 } as const;

/** @param option named in the error @throws OPTION_INVALID */
export function parseSubnet(text: string, option: string): Subnet {
  const [address = "", length = ""] = text.split("/");
  const family = familyOf(address);
  const prefixLength = Number(length);
  if (family === undefined || !/^\d{1,3}$/.test(length) || prefixLength > bits[family])
    throw optionError(option, text, "an address and a prefix length, such as 10.1.0.0/24 or fd00:1::/64");
  const base = addressNumber(address);
  const subnet = { family, base: base - (base % sizeOf(family, prefixLength)), prefixLength };
  if (subnet.base !== base) throw optionError(option, text, `the first address of its subnet: ${subnetText(subnet)}`);
  return subnet;
}

export function subnetText({ family, base, prefixLength }: Subnet): string {
  return `${numberAddress(family, base)}/${prefixLength}`;
}

export function familyOf(address: string): 4 | 6 | undefined {
  if (isIPv4(address)) return 4;
  return isIPv6(address) && !address.includes("%") ? 6 : undefined;
}

export function addressNumber(address: string): bigint {
  return BigInt(`0x${addressBytes(address).toString("hex")}`);
}

export function numberAddress(family: 4 | 6, number: bigint): string {
  const digits = bits[family] / 4;
  return addressText(Buffer.from(number.toString(16).padStart(digits, "0"), "hex"));
}

function sizeOf(family: 4 | 6, prefixLength: number): bigint {
  return 1n << BigInt(bits[family] - prefixLength);
}

export function subnetSize(subnet: Subnet): bigint {
  return sizeOf(subnet.family, subnet.prefixLength);
}

export function contains(subnet: Subnet, family: 4 | 6, address: bigint): boolean {
  return family === subnet.family && address >= subnet.base && address < subnet.base + subnetSize(subnet);
}

export function overlap(a: Subnet, b: Subnet): boolean {
  return a.family === b.family && a.base < b.base + subnetSize(b) && b.base < a.base + subnetSize(a);
}
