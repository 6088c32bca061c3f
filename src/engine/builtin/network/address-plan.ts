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
  /** With how many have each. */
  readonly #taken = new Map<bigint, number>();
  /** Where the search for a free one goes on: an address that was just given back is not given out next. */
  #next = 0n;

  /** @throws OPTION_INVALID for a gateway or range outside of the subnet, or a subnet without room for anybody */
  constructor({ subnet, gateway, ipRange }: AddressPlanOptions) {
    const parts = subnetParts(subnet, gateway, ipRange);
    this.subnet = subnet;
    this.gateway = parts.gateway;
    this.ipRange = ipRange;
    this.#range = parts.range;
    this.#taken.set(addressNumber(this.gateway), 1);
  }

  /**
   * @param wanted a fixed one
   * @param shared whoever has it already leaves it to others
   * @throws OPTION_INVALID, NETWORK_ADDRESS_TAKEN, NETWORK_FULL
   */
  take(wanted: string | undefined, network: string, shared = false): string {
    const number = wanted === undefined ? this.#free(network) : usableAddress(this.subnet, wanted, "ipAddress");
    const holders = this.#taken.get(number) ?? 0;
    if (holders > 0 && !shared) throw addressTaken(network, wanted!);
    this.#taken.set(number, holders + 1);
    return numberAddress(this.subnet.family, number);
  }

  giveBack(address: string): void {
    const number = addressNumber(address);
    const left = (this.#taken.get(number) ?? 0) - 1;
    if (left > 0) this.#taken.set(number, left);
    else this.#taken.delete(number);
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

export function addressTaken(network: string, address: string): CaissonError<"NETWORK_ADDRESS_TAKEN"> {
  return new CaissonError("NETWORK_ADDRESS_TAKEN", `The address ${address} is taken on network ${network}`, {
    facts: { network, address },
    remedy: "Leave the address out to get a free one, or stop or remove the container that has it.",
  });
}
