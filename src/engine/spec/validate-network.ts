/** Checks what a network is to be, as far as that can be told without looking at anything. */
import type { EndpointSpec, NetworkSpec, SubnetSpec } from "../engine.js";
import { optionError } from "../errors.js";

const KNOWN = ["name", "labels", "internal", "ipv6", "subnets"];

/** @throws OPTION_INVALID */
export function validateNetwork(spec: NetworkSpec): void {
  for (const name of Object.keys(spec))
    if (!KNOWN.includes(name)) throw optionError(name, Reflect.get(spec, name), "absent: there is no such option", KNOWN);
  if (spec.name !== undefined && !/^[A-Za-z0-9][\w.-]*$/.test(spec.name))
    throw optionError("name", spec.name, "a name of letters, digits, `_`, `.` and `-` that begins with a letter or digit");
  for (const subnet of spec.subnets ?? []) checkSubnet(subnet);
}

function checkSubnet({ subnet }: SubnetSpec): void {
  if (typeof subnet !== "string") throw optionError("subnets.subnet", subnet, "an address and a prefix length");
}

/** @throws OPTION_INVALID */
export function validateEndpoint({ aliases = [], macAddress }: EndpointSpec): void {
  for (const alias of aliases) {
    if (!/^[A-Za-z0-9_]([\w.-]{0,251}[A-Za-z0-9_])?$/.test(alias))
      throw optionError("aliases", alias, "a host name: letters, digits, `-`, `_` and `.`");
  }
  if (macAddress !== undefined && !/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i.test(macAddress))
    throw optionError("macAddress", macAddress, "a unicast address such as 02:42:0a:00:00:02");
}
