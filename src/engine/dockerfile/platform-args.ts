/** Arguments that every build has: platforms, and the proxies that are passed on without being declared. */
import { formatPlatform, type Platform } from "../oci/platform.js";

const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];

/** Visible in FROM; in a stage once it declares them. */
export function platformArgs(build: Platform, target: Platform): Readonly<Record<string, string>> {
  const of = (prefix: string, platform: Platform) => ({
    [`${prefix}PLATFORM`]: formatPlatform(platform),
    [`${prefix}OS`]: platform.os,
    [`${prefix}ARCH`]: platform.architecture,
    [`${prefix}VARIANT`]: platform.variant ?? "",
  });
  return { ...of("BUILD", build), ...of("TARGET", target), TARGETSTAGE: "default" };
}

/** In both spellings; no part of a cache key and of no history. */
export function proxyVariables(buildArgs: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const given = Object.entries(buildArgs).filter(([name]) => PROXIES.includes(name.toUpperCase()));
  return Object.fromEntries(
    given.flatMap(([name, value]) => [
      [name.toUpperCase(), value],
      [name.toLowerCase(), value],
    ]),
  );
}
