/**
 * Queries for a name server of ours beside one of the container's own. What a container sends to port 53 of our address goes to
 * another port there, as Docker does it, so that 53 is free for a server on all addresses.
 */
import { NAME_SERVER_ADDRESS, NAME_SERVER_PORT } from "./addresses.js";
import { chainBatch, destinationNat } from "./nftables.js";
import { destination, destinationPort, protocol, TCP, UDP } from "./nftables-matches.js";

/** In the container it is taken: one that nobody listens on, below those that the kernel gives away. */
export const NAME_SERVER_OTHER_PORT = 8;

/** NF_IP_PRI_NAT_DST */
const DESTINATION_NAT = -100;

/** The transaction that makes the chain in the container's namespace. */
export function nameRedirectChain(): Buffer {
  const match = [...destination(NAME_SERVER_ADDRESS, 32), ...destinationPort(NAME_SERVER_PORT)];
  const rules = [UDP, TCP].map((number) => [...match, ...protocol(number), ...destinationNat(NAME_SERVER_OTHER_PORT)]);
  return chainBatch("caisson", [{ name: "names", type: "nat", hook: "output", priority: DESTINATION_NAT, rules }]);
}
