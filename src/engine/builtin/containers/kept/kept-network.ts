/** A network as its file has it: what was asked for, and the subnets that were chosen. Pure. */
import type { NetworkSpec } from "../../../engine.js";
import { parseSubnet, subnetText } from "../../../spec/subnets.js";
import { AddressPlan } from "../../network/address-plan.js";
import { NetworkRecord } from "../networks/network-record.js";

const VERSION = 1;

interface KeptPlan {
  readonly subnet: string;
  readonly gateway: string;
  readonly ipRange: string | undefined;
}

export interface KeptNetwork {
  readonly version: typeof VERSION;
  readonly id: string;
  readonly name: string;
  readonly created: string;
  readonly spec: NetworkSpec;
  readonly ipv4: KeptPlan;
  readonly ipv6: KeptPlan | undefined;
}

export function keptNetwork({ id, name, created, spec, ipv4, ipv6 }: NetworkRecord): KeptNetwork {
  return { version: VERSION, id, name, created: created.toISOString(), spec, ipv4: keptPlan(ipv4), ipv6: ipv6 && keptPlan(ipv6) };
}

/** @throws TypeError for what is no such file */
export function restoreNetwork(content: unknown): NetworkRecord {
  const { version, id, name, created, spec, ipv4, ipv6 } = (content ?? {}) as Partial<KeptNetwork>;
  if (version !== VERSION) throw new TypeError(`a network's file of version ${String(version)}, where ${VERSION} is known`);
  if (!id || !name || !created || !spec || !ipv4) throw new TypeError("a network's file that lacks parts");
  return new NetworkRecord(id, name, spec, addressPlan(ipv4), ipv6 && addressPlan(ipv6), new Date(created));
}

function keptPlan({ subnet, gateway, ipRange }: AddressPlan): KeptPlan {
  return { subnet: subnetText(subnet), gateway, ipRange };
}

function addressPlan({ subnet, gateway, ipRange }: KeptPlan): AddressPlan {
  return new AddressPlan({ subnet: parseSubnet(subnet, "subnet"), gateway, ipRange });
}
