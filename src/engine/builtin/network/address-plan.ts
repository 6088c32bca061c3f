/** The addresses of one network: which are given, and which one is next. */
import { CaissonError, optionError } from "../../errors.js";
import { addressNumber, contains, familyOf, numberAddress, parseSubnet, type Subnet, subnetSize, subnetText } from "./subnets.js";

export interface AddressPlanOptions {
  readonly subnet: Subnet;
  readonly gateway?: string | undefined;
  readonly ipRange?: string | undefined;
}

export class AddressPlan {
  readonly subnet: Subnet;
  readonly gateway: string;
  readonly ipRange: string | undefined;
  readonly #range: Subnet;
  readonly #taken = new Set<bigint>();
  /** Where the search for a free one goes on: an address that was just given back is not given out next. */
  #next = 0n;

  /** @throws OPTION_INVALID for a gateway or range outside of the subnet, or a subnet without room for anybody */
  constructor({ subnet, gateway, ipRange }: AddressPlanOptions) {
    if (subnetSize(subnet) < 4n)
      throw optionError("subnets.subnet", subnetText(subnet), "a subnet with room for a gateway and a container");
    this.subnet = subnet;
    this.gateway = gateway ?? numberAddress(subnet.family, subnet.base + 1n);
    this.ipRange = ipRange;
    this.#range = ipRange === undefined ? subnet : parseSubnet(ipRange, "subnets.ipRange");
    if (!contains(subnet, this.#range.family, this.#range.base) || subnetSize(this.#range) > subnetSize(subnet))
      throw optionError("subnets.ipRange", ipRange, `a part of ${subnetText(subnet)}`);
    this.#taken.add(this.#checked(this.gateway, "subnets.gateway"));
  }

  /** @param wanted a fixed one @throws OPTION_INVALID, NETWORK_ADDRESS_TAKEN, NETWORK_FULL */
  take(wanted: string | undefined, network: string): string {
    const number = wanted === undefined ? this.#free(network) : this.#checked(wanted, "ipAddress");
    if (this.#taken.has(number)) {
      throw new CaissonError("NETWORK_ADDRESS_TAKEN", `The address ${wanted} is taken on network ${network}`, {
        facts: { network, address: wanted! },
        remedy: "Leave the address out to get a free one, or remove the container that has it.",
      });
    }
    this.#taken.add(number);
    return numberAddress(this.subnet.family, number);
  }

  giveBack(address: string): void {
    this.#taken.delete(addressNumber(address));
  }

  #free(network: string): bigint {
    const size = subnetSize(this.#range);
    for (let step = 0n; step < size && step <= BigInt(this.#taken.size) + 2n; step++) {
      const number = this.#range.base + ((this.#next + step) % size);
      if (this.#taken.has(number) || !this.#usable(number)) continue;
      this.#next = number - this.#range.base + 1n;
      return number;
    }
    throw new CaissonError("NETWORK_FULL", `Network ${network} has no free address left in ${subnetText(this.#range)}`, {
      facts: { network, subnet: subnetText(this.#range) },
      remedy: "Create the network with a larger subnet.",
    });
  }

  #checked(address: string, option: string): bigint {
    const family = familyOf(address);
    const number = family === undefined ? undefined : addressNumber(address);
    if (number === undefined || !contains(this.subnet, family!, number) || !this.#usable(number))
      throw optionError(option, address, `a usable address of ${subnetText(this.subnet)}`);
    return number;
  }

  /** Not the subnet's own, and of IPv4 not the broadcast address. */
  #usable(number: bigint): boolean {
    const { base, family } = this.subnet;
    return number !== base && (family === 6 || number !== base + subnetSize(this.subnet) - 1n);
  }
}
