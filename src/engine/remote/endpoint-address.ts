/** Whether an address that a container wants is one of its network: dockerd looks at the start only. Pure. */
import type { NetworkJson } from "../docker-api/network-json.js";
import type { EndpointSpec } from "../engine.js";
import { optionError } from "../errors.js";
import { usableAddress } from "../spec/subnet-parts.js";
import { parseSubnet } from "../spec/subnets.js";

/** @throws OPTION_INVALID */
export function checkEndpointAddress({ Name, IPAM }: NetworkJson, { ipv4Address, ipv6Address }: EndpointSpec): void {
  const subnets = (IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet ? [parseSubnet(Subnet, "subnets.subnet")] : []));
  for (const [family, address] of [[4, ipv4Address] as const, [6, ipv6Address] as const]) {
    if (address === undefined) continue;
    const own = subnets.find((subnet) => subnet.family === family);
    if (!own) throw optionError("ipAddress", address, `absent: network ${Name} has no subnet of IPv${family}`);
    usableAddress(own, address, "ipAddress");
  }
}
