/** Checks what a network is to be, as far as that can be told without looking at anything. */
import type { EndpointSpec, NetworkSpec, SubnetSpec } from "../engine.js";
import { optionError } from "../errors.js";
import { subnetParts } from "./subnet-parts.js";
import { familyOf, parseSubnet } from "./subnets.js";

const KNOWN = ["name", "labels", "internal", "ipv6", "subnets"];

/** @throws OPTION_INVALID */
export function validateNetwork(spec: NetworkSpec): void {
  for (const name of Object.keys(spec))
    if (!KNOWN.includes(name)) throw optionError(name, Reflect.get(spec, name), "absent: there is no such option", KNOWN);
  if (spec.name !== undefined && !/^[A-Za-z0-9][\w.-]*$/.test(spec.name))
    throw optionError("name", spec.name, "a name of letters, digits, `_`, `.` and `-` that begins with a letter or digit");
  const families = (spec.subnets ?? []).map(checkSubnet);
  if (new Set(families).size < families.length)
    throw optionError("subnets", spec.subnets?.map(({ subnet }) => subnet).join(", "), "at most one subnet of each family");
}

function checkSubnet({ subnet: text, gateway, ipRange }: SubnetSpec): 4 | 6 {
  if (typeof text !== "string") throw optionError("subnets.subnet", text, "an address and a prefix length");
  const subnet = parseSubnet(text, "subnets.subnet");
  subnetParts(subnet, gateway, ipRange);
  return subnet.family;
}

/** @throws OPTION_INVALID */
export function validateEndpoint({ aliases = [], macAddress, ipv4Address, ipv6Address }: EndpointSpec): void {
  if (ipv4Address !== undefined && familyOf(ipv4Address) !== 4) throw optionError("ipAddress", ipv4Address, "an IPv4 address");
  if (ipv6Address !== undefined && familyOf(ipv6Address) !== 6) throw optionError("ipAddress", ipv6Address, "an IPv6 address");
  for (const alias of aliases) {
    if (!/^[A-Za-z0-9_]([\w.-]{0,251}[A-Za-z0-9_])?$/.test(alias))
      throw optionError("aliases", alias, "a host name: letters, digits, `-`, `_` and `.`");
  }
  if (macAddress !== undefined && !/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i.test(macAddress))
    throw optionError("macAddress", macAddress, "a unicast address such as 02:42:0a:00:00:02");
}
