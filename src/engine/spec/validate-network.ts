/** Checks what a network is to be, as far as that can be told without looking at anything. */
import type { NetworkSpec, SubnetSpec } from "../engine.js";
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
