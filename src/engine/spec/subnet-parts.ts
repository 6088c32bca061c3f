/** What of a network's subnet is given to whom. Pure. */
import { optionError } from "../errors.js";
import { addressNumber, contains, familyOf, numberAddress, parseSubnet, type Subnet, subnetSize, subnetText } from "./subnets.js";

export interface SubnetParts {
  /** @default the first address behind the subnet's own */
  readonly gateway: string;
  /** Where addresses come from that nobody asks for. @default the whole subnet */
  readonly range: Subnet;
}

/** @throws OPTION_INVALID for a gateway or range outside of the subnet, or a subnet without room for anybody */
export function subnetParts(subnet: Subnet, gateway: string | undefined, ipRange: string | undefined): SubnetParts {
  if (subnetSize(subnet) < 4n) throw optionError("subnets.subnet", subnetText(subnet), "a subnet with room for a gateway and a container");
  const range = ipRange === undefined ? subnet : parseSubnet(ipRange, "subnets.ipRange");
  if (!contains(subnet, range.family, range.base) || subnetSize(range) > subnetSize(subnet))
    throw optionError("subnets.ipRange", ipRange, `a part of ${subnetText(subnet)}`);
  if (gateway !== undefined) usableAddress(subnet, gateway, "subnets.gateway");
  return { gateway: gateway ?? numberAddress(subnet.family, subnet.base + 1n), range };
}

/** @param option named in the error @throws OPTION_INVALID */
export function usableAddress(subnet: Subnet, address: string, option: string): bigint {
  const family = familyOf(address);
  const number = family === undefined ? undefined : addressNumber(address);
  if (number === undefined || !contains(subnet, family!, number) || !isUsable(subnet, number))
    throw optionError(option, address, `a usable address of ${subnetText(subnet)}`);
  return number;
}

/** Not the subnet's own, and of IPv4 not the broadcast address. */
export function isUsable(subnet: Subnet, number: bigint): boolean {
  return number !== subnet.base && (subnet.family === 6 || number !== subnet.base + subnetSize(subnet) - 1n);
}
