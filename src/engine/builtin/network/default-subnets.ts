/** Subnets for networks whose spec names none. Pure. */
import { optionError } from "../../errors.js";
import { overlap, parseSubnet, type Subnet } from "../../spec/subnets.js";

/** Subnets of networks that name none: those that Docker gives first, then smaller ones. */
function* defaultSubnets(): Generator<Subnet> {
  for (let second = 18; second <= 31; second++) yield parseSubnet(`172.${second}.0.0/16`, "subnet");
  for (let second = 64; second < 128; second++)
    for (let third = 0; third < 256; third++) yield parseSubnet(`10.${second}.${third}.0/24`, "subnet");
}

/** The first that overlaps with none of `taken`. @throws OPTION_INVALID when all do */
export function chooseSubnet(taken: readonly Subnet[]): Subnet {
  for (const candidate of defaultSubnets()) if (!taken.some((other) => overlap(candidate, other))) return candidate;
  throw optionError("subnets", undefined, "a subnet, as all that are given automatically are taken");
}

/** A unique local subnet (RFC 4193) for the how-manieth network. */
export function uniqueLocalSubnet(random: Buffer, index: number): Subnet {
  return parseSubnet(
    `fd${random.subarray(0, 1).toString("hex")}:${random.subarray(1, 3).toString("hex")}:${random.subarray(3, 5).toString("hex")}:${index.toString(16)}::/64`,
    "subnet",
  );
}
