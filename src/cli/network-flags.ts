/** Docker's `--network` and the flags about a container's place on it, in the contract's terms. Pure. */
import type { ContainerSpec, EndpointSpec } from "../engine/engine.js";
import { splitAt } from "./split-at.js";
import { UsageError } from "./usage.js";

export interface NetworkFlags {
  readonly network?: readonly string[] | undefined;
  readonly "network-alias"?: readonly string[] | undefined;
  readonly ip?: string | undefined;
  readonly ip6?: string | undefined;
  readonly "mac-address"?: string | undefined;
}

/** What is none of docker's words is the name of a network. @throws UsageError */
export function networkSpec(flags: NetworkFlags): Pick<ContainerSpec, "networkMode" | "networks"> {
  const wanted = (flags.network ?? []).map(parseNetwork);
  const modes = wanted.filter(({ name }) => isMode(name));
  if (modes.length > 0 && wanted.length > 1) throw new UsageError(`--network ${modes[0]!.name} can't be together with another network`);
  // These are about the first one, as with docker.
  const first = endpointOf({
    alias: flags["network-alias"],
    ip: one(flags.ip),
    ip6: one(flags.ip6),
    "mac-address": one(flags["mac-address"]),
  });
  const [mode] = modes;
  if (mode || wanted.length === 0) {
    if (Object.keys({ ...first, ...mode?.endpoint }).length > 0)
      throw new UsageError("--network-alias, --ip, --ip6 and --mac-address need a network with a name: --network NAME");
    return mode ? { networkMode: (mode.name === "bridge" ? "default" : mode.name) as ContainerSpec["networkMode"] } : {};
  }
  const entries = wanted.map(({ name, endpoint }, index) => [name, index === 0 ? merged(first, endpoint) : endpoint] as const);
  return { networks: Object.fromEntries(entries) };
}

function isMode(name: string): boolean {
  return ["default", "bridge", "none", "host"].includes(name) || name.startsWith("container:");
}

function merged(flags: EndpointSpec, own: EndpointSpec): EndpointSpec {
  const aliases = [...(flags.aliases ?? []), ...(own.aliases ?? [])];
  return { ...flags, ...own, ...(aliases.length > 0 ? { aliases } : {}) };
}

/** `NAME`, or `name=NAME,alias=A,alias=B,ip=ADDRESS`. */
function parseNetwork(text: string): { readonly name: string; readonly endpoint: EndpointSpec } {
  if (!/^[a-z0-9-]+=/.test(text)) return { name: text, endpoint: {} };
  const fields = new Map<string, string[]>();
  for (const [key, value] of text.split(",").map((field) => splitAt(field, "="))) fields.set(key, [...(fields.get(key) ?? []), value]);
  const { name, ...rest } = Object.fromEntries(fields);
  for (const key of Object.keys(rest)) {
    if (!KEYS.includes(key)) throw new UsageError(`--network ${text}: ${key} is none of name, ${KEYS.join(", ")}`);
  }
  if (name?.length !== 1 || name[0] === "") throw new UsageError(`--network ${text}: one name is needed`);
  return { name: name[0]!, endpoint: endpointOf(rest) };
}

const KEYS = ["alias", "ip", "ip6", "mac-address"];

type Fields = Readonly<Record<string, readonly string[] | undefined>>;

function endpointOf({ alias, ip, ip6, "mac-address": macAddress }: Fields): EndpointSpec {
  return {
    ...(alias ? { aliases: alias } : {}),
    ...(ip ? { ipv4Address: ip.at(-1) } : {}),
    ...(ip6 ? { ipv6Address: ip6.at(-1) } : {}),
    ...(macAddress ? { macAddress: macAddress.at(-1) } : {}),
  };
}

function one(text: string | undefined): readonly string[] | undefined {
  return text === undefined ? undefined : [text];
}
