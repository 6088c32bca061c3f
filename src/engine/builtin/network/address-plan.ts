/** The addresses of one network: which are given, and which one is next. */
import { CaissonError } from "../../errors.js";
import { isUsable, subnetParts, usableAddress } from "../../spec/subnet-parts.js";
import { addressNumber, numberAddress, type Subnet, subnetSize, subnetText } from "../../spec/subnets.js";

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
    const parts = subnetParts(subnet, gateway, ipRange);
    this.subnet = subnet;
    this.gateway = parts.gateway;
    this.ipRange = ipRange;
    this.#range = parts.range;
    this.#taken.add(addressNumber(this.gateway));
  }

  /** @param wanted a fixed one @throws OPTION_INVALID, NETWORK_ADDRESS_TAKEN, NETWORK_FULL */
  take(wanted: string | undefined, network: string): string {
    const number = wanted === undefined ? this.#free(network) : usableAddress(this.subnet, wanted, "ipAddress");
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
      if (this.#taken.has(number) || !isUsable(this.subnet, number)) continue;
      this.#next = number - this.#range.base + 1n;
      return number;
    }
    throw new CaissonError("NETWORK_FULL", `Network ${network} has no free address left in ${subnetText(this.#range)}`, {
      facts: { network, subnet: subnetText(this.#range) },
      remedy: "Create the network with a larger subnet.",
    });
  }
}
