/** An IPv6 subnet for a network that wants one and names none: daemons before Docker 27 have none to give. */
import { randomBytes } from "node:crypto";
import type { NetworkSpec } from "../engine.js";

/** 40 bits of a global id and 16 of a subnet (RFC 4193 section 3.1). */
const RANDOM_BYTES = 7;

/** @param random for the subnet, which nobody else will have */
export function withIpv6Subnet(spec: NetworkSpec, random: (bytes: number) => Buffer = randomBytes): NetworkSpec {
  const { ipv6, subnets = [] } = spec;
  if (ipv6 !== true || subnets.some(({ subnet }) => subnet.includes(":"))) return spec;
  const groups = `fd${random(RANDOM_BYTES).toString("hex")}`.match(/.{4}/g)!;
  return { ...spec, subnets: [...subnets, { subnet: `${groups.join(":")}::/64` }] };
}
