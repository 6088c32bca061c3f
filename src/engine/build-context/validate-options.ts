/** Checks what a build is asked for before anything is looked at. */
import { isIP } from "node:net";
import type { BuildContext, BuildOptions } from "../engine.js";
import { optionError } from "../errors.js";
import { parsePlatform } from "../oci/platform.js";

const OPTIONS = [
  ...["dockerfile", "dockerfileText", "tags", "buildArgs", "target", "labels", "platform", "noCache", "pull", "secrets", "ssh", "contexts"],
  ...["extraHosts", "network", "memoryBytes", "allow", "hostCertificates", "sourceDateEpoch", "registryAuth", "signal", "progress"],
];

const ENTITLEMENTS: readonly string[] = ["security.insecure", "network.host"];

/** @throws OPTION_INVALID */
export function validateBuildOptions(context: BuildContext, options: BuildOptions): void {
  if (typeof context !== "string" && typeof context?.tar?.[Symbol.asyncIterator] !== "function") {
    throw optionError("context", context, "a directory, a git URL, or { tar }");
  }
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name)) throw optionError(name, Reflect.get(options, name), "absent: there is no such option", OPTIONS);
  }
  for (const name of ["buildArgs", "labels", "contexts"] as const) {
    const record = options[name];
    if (record === undefined) continue;
    if (typeof record !== "object" || !Object.values(record).every((value) => typeof value === "string"))
      throw optionError(name, record, "an object with string values");
  }
  const { network, sourceDateEpoch, memoryBytes, allow, platform, extraHosts, ssh } = options;
  if (ssh !== undefined && !(typeof ssh === "object" && Object.values(ssh).every(isPlaces)))
    throw optionError("ssh", ssh, "an object with the path of a socket each, or of private keys");
  if (network !== undefined && !["default", "none", "host"].includes(network))
    throw optionError("network", network, "a network mode", ["default", "none", "host"]);
  if (sourceDateEpoch !== undefined && !(Number.isInteger(sourceDateEpoch) && sourceDateEpoch >= 0))
    throw optionError("sourceDateEpoch", sourceDateEpoch, "seconds since 1970");
  if (memoryBytes !== undefined && !(Number.isInteger(memoryBytes) && memoryBytes > 0))
    throw optionError("memoryBytes", memoryBytes, "a number of bytes");
  for (const each of allow ?? []) if (!ENTITLEMENTS.includes(each)) throw optionError("allow", each, "an entitlement", ENTITLEMENTS);
  for (const { host, address } of extraHosts ?? []) {
    if (typeof host !== "string" || !/^[^\s#]+$/.test(host)) throw optionError("extraHosts.host", host, "a host's name");
    if (address !== "host-gateway" && isIP(address) === 0) throw optionError("extraHosts.address", address, "an address, or host-gateway");
  }
  if (platform !== undefined) parsePlatform(platform);
}

function isPlaces(value: unknown): boolean {
  return typeof value === "string" || (Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "string"));
}
