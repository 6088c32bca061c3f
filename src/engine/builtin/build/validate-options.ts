/** Checks what a build is asked for before anything is looked at. */
import type { BuildContext, BuildOptions } from "../../engine.js";
import { optionError, UnsupportedError } from "../../errors.js";
import { formatPlatform, hostPlatform, matchesPlatform, parsePlatform } from "../images/platform.js";

const OPTIONS = [
  ...["dockerfile", "dockerfileText", "tags", "buildArgs", "target", "labels", "platform", "noCache", "pull", "secrets", "ssh", "contexts"],
  ...["extraHosts", "network", "allow", "hostCertificates", "sourceDateEpoch", "signal", "progress"],
];

/** @throws OPTION_INVALID, UNSUPPORTED */
export function validateBuildOptions(context: BuildContext, options: BuildOptions): void {
  if (typeof context !== "string" && typeof context?.tar?.[Symbol.asyncIterator] !== "function") {
    throw optionError("context", context, "a directory, a git URL, or { tar }");
  }
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name)) throw optionError(name, Reflect.get(options, name), "absent: there is no such option", OPTIONS);
  }
  for (const name of ["buildArgs", "labels", "contexts", "ssh"] as const) {
    const record = options[name];
    if (record === undefined) continue;
    if (typeof record !== "object" || !Object.values(record).every((value) => typeof value === "string"))
      throw optionError(name, record, "an object with string values");
  }
  const { network, sourceDateEpoch, allow, platform } = options;
  if (network !== undefined && !["default", "none", "host"].includes(network))
    throw optionError("network", network, "a network mode", ["default", "none", "host"]);
  if (sourceDateEpoch !== undefined && !(Number.isInteger(sourceDateEpoch) && sourceDateEpoch >= 0))
    throw optionError("sourceDateEpoch", sourceDateEpoch, "seconds since 1970");
  for (const each of allow ?? [])
    if (each !== "security.insecure") throw optionError("allow", each, "an entitlement", ["security.insecure"]);
  if (platform !== undefined && !matchesPlatform(hostPlatform(), parsePlatform(platform))) {
    throw new UnsupportedError(
      "builtin",
      `builds for ${formatPlatform(parsePlatform(platform))}`,
      `this host runs ${hostPlatform()}`,
      "Build there, or on a remote engine that emulates it.",
    );
  }
}
