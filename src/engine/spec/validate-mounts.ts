/** Checks what a spec says about mounts, as far as that can be told without looking at anything. */
import type { ContainerSpec, MountSpec } from "../engine.js";
import { optionError } from "../errors.js";
import { cleanTarget, isBelow, isProcFile } from "./mount-targets.js";
import { isVolumeName, VOLUME_NAME } from "./volume-names.js";

type Kind = "text" | "flag" | "number" | "texts" | "record";

/** Properties by type, apart from `type` itself. */
const PROPERTIES: { readonly [T in MountSpec["type"]]: { readonly [K in keyof Required<Omit<MountSpec & { type: T }, "type">>]: Kind } } = {
  bind: { source: "text", target: "text", readonly: "flag", propagation: "text", recursive: "flag", createSource: "flag" },
  volume: { source: "text", target: "text", readonly: "flag", noCopy: "flag", subpath: "text", labels: "record" },
  tmpfs: { target: "text", sizeBytes: "number", mode: "number", options: "texts" },
  image: { source: "text", target: "text", subpath: "text" },
};

const CHECKS: Readonly<Record<Kind, readonly [expected: string, test: (value: unknown) => boolean]>> = {
  text: ["a string", (value) => typeof value === "string"],
  flag: ["a boolean", (value) => typeof value === "boolean"],
  number: ["a whole number that is not negative", (value) => Number.isSafeInteger(value) && (value as number) >= 0],
  texts: ["a list of strings", (value) => Array.isArray(value) && value.every((item) => typeof item === "string")],
  record: [
    "an object with string values",
    (value) => typeof value === "object" && value !== null && Object.values(value).every((item) => typeof item === "string"),
  ],
};

const PROPAGATIONS = ["private", "rprivate", "slave", "rslave", "shared", "rshared"];

/** @throws OPTION_INVALID */
export function validateMounts({ mounts = [], volumesFrom = [] }: Pick<ContainerSpec, "mounts" | "volumesFrom">): void {
  const targets = new Set<string>();
  for (const mount of mounts) {
    checkProperties(mount);
    const target = checkTarget(mount.target);
    if (targets.has(target)) throw optionError("mounts.target", mount.target, "named once: something else is mounted there");
    targets.add(target);
    checkSource(mount);
  }
  for (const text of volumesFrom) parseVolumesFrom(text);
}

/** `container`, `container:ro`. @throws OPTION_INVALID */
export function parseVolumesFrom(text: string): { readonly container: string; readonly readonly: boolean } {
  const [, container, mode = "rw"] = /^([^:]+)(?::(ro|rw))?$/.exec(text) ?? [];
  if (container === undefined) throw optionError("volumesFrom", text, "a container, with `:ro` or `:rw` behind it or nothing");
  return { container, readonly: mode === "ro" };
}

function checkProperties(mount: MountSpec): void {
  const properties: Readonly<Record<string, Kind>> | undefined = PROPERTIES[mount.type];
  if (properties === undefined) throw optionError("mounts.type", mount.type, "a kind of mount", Object.keys(PROPERTIES));
  for (const [name, value] of Object.entries(mount)) {
    if (name === "type" || value === undefined) continue;
    const kind = properties[name];
    if (kind === undefined)
      throw optionError(`mounts.${name}`, value, `absent: a mount of type ${mount.type} has no such option`, Object.keys(properties));
    const [expected, test] = CHECKS[kind];
    if (!test(value)) throw optionError(`mounts.${name}`, value, expected);
    for (const text of kind === "text" ? [value as string] : [])
      if (text.includes("\0")) throw optionError(`mounts.${name}`, value, "without NUL characters");
  }
}

function checkTarget(target: string | undefined): string {
  if (!target?.startsWith("/")) throw optionError("mounts.target", target, "an absolute path of the container");
  const clean = cleanTarget(target);
  if (clean === "/") throw optionError("mounts.target", target, "a path below the root");
  if ((clean === "/proc" || isBelow(clean, "/proc")) && !isProcFile(clean)) throw optionError("mounts.target", target, "outside of /proc");
  return clean;
}

function checkSource(mount: MountSpec): void {
  if (mount.type === "tmpfs") return;
  if (mount.type === "bind") {
    if (!mount.source?.startsWith("/")) throw optionError("mounts.source", mount.source, "an absolute path of the host");
    if (mount.propagation !== undefined && !PROPAGATIONS.includes(mount.propagation))
      throw optionError("mounts.propagation", mount.propagation, "a kind of propagation", PROPAGATIONS);
    return;
  }
  if (mount.type === "image" && !mount.source) throw optionError("mounts.source", mount.source, "an image");
  if (mount.type === "volume" && mount.source !== undefined && !isVolumeName(mount.source))
    throw optionError("mounts.source", mount.source, `a volume's name: ${VOLUME_NAME}`);
  if (mount.subpath !== undefined) checkSubpath(mount.subpath, mount.type);
}

/** Of an image it may be absolute: the image's own root is meant. */
function checkSubpath(subpath: string, type: "volume" | "image"): void {
  const parts = subpath.split("/");
  if (subpath === "" || parts.includes("..") || (type === "volume" && subpath.startsWith("/")))
    throw optionError("mounts.subpath", subpath, "a relative path without `..`");
}
