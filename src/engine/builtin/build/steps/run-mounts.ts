/** `RUN --mount`: parsing the option, and the operations that mount it. Pure. */

import type { HostFacts } from "../../runtime/host-facts.js";
import { FsConfig, MountAttr, OpenTree } from "../../runtime/kernel-constants.js";
import type { LaunchAdditions } from "../../runtime/plan-launch.js";
import { FIRST_FREE_SLOT, openLayers } from "../../runtime/plan-mounts.js";
import { mountNew } from "../../runtime/plan-pseudo-mounts.js";
import type { Operation, Plan } from "../../supervisor/codec.js";

export type RunMount =
  | {
      readonly type: "bind";
      readonly target: string;
      readonly source: string;
      readonly from: string | undefined;
      readonly writable: boolean;
    }
  | {
      readonly type: "cache";
      readonly target: string;
      readonly id: string;
      readonly source: string;
      readonly from: string | undefined;
      readonly readonly: boolean;
      readonly sharing: "shared" | "private" | "locked";
      /** Mode or owner are said, not defaults. */
      readonly owned: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | { readonly type: "tmpfs"; readonly target: string; readonly sizeBytes: number | undefined }
  | {
      readonly type: "secret";
      readonly id: string;
      /** Undefined where it is only a variable. */
      readonly target: string | undefined;
      readonly env: string | undefined;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | {
      readonly type: "ssh";
      readonly id: string;
      readonly target: string;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    };

const KEYS: Readonly<Record<RunMount["type"], readonly string[]>> = {
  bind: ["target", "source", "from", "readonly", "readwrite"],
  cache: ["target", "id", "source", "from", "readonly", "readwrite", "sharing", "mode", "uid", "gid"],
  tmpfs: ["target", "size"],
  secret: ["target", "id", "env", "required", "mode", "uid", "gid"],
  ssh: ["target", "id", "required", "mode", "uid", "gid"],
};
const ALIASES: Readonly<Record<string, string>> = { dst: "target", destination: "target", src: "source", ro: "readonly", rw: "readwrite" };
const UNITS: Readonly<Record<string, number>> = { "": 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** What is wrong with an option; the caller knows where it stands. */
export class MountInvalid extends Error {}

/** @param text expanded; @param workdir what relative targets start at; @param index of the option among its kind. @throws MountInvalid */
export function parseRunMount(text: string, workdir: string, index: number): RunMount {
  const given = fields(text);
  const type = given.get("type") ?? "bind";
  if (!isType(type)) throw new MountInvalid(`unsupported mount type "${type}" (${Object.keys(KEYS).join(", ")} are supported)`);
  for (const key of given.keys()) {
    if (key !== "type" && !KEYS[type].includes(key))
      throw new MountInvalid(`unexpected key "${key}" for a mount of type ${type} (${KEYS[type].join(", ")})`);
  }
  const flag = (key: string): boolean => parseFlag(key, given.get(key));
  const id = (key: string): number => parseNumber(key, given.get(key) ?? "0", 10);
  const mode = (fallback: number): number => (given.has("mode") ? parseNumber("mode", given.get("mode")!, 8) : fallback);
  const target = given.get("target");
  const absolute = target === undefined ? undefined : absolutePath(target, workdir);
  const owned = { uid: id("uid"), gid: id("gid") };
  if (type === "secret") {
    const name = given.get("id") ?? (target ? target.split("/").at(-1)! : "");
    const env = given.get("env");
    if (name === "") throw new MountInvalid("a secret needs an id or a target");
    const place = absolute ?? (env === undefined ? `/run/secrets/${name}` : undefined);
    return { type, id: name, target: place, env, required: flag("required"), mode: mode(0o400), ...owned };
  }
  if (type === "ssh") {
    const place = absolute ?? `/run/buildkit/ssh_agent.${index}`;
    return { type, id: given.get("id") ?? "default", target: place, required: flag("required"), mode: mode(0o600), ...owned };
  }
  if (absolute === undefined) throw new MountInvalid("target is required");
  if (absolute === "/") throw new MountInvalid('mount target can not be "/"');
  if (type === "tmpfs") return { type, target: absolute, sizeBytes: given.has("size") ? parseSize(given.get("size")!) : undefined };
  const source = given.get("source") ?? "";
  const from = given.get("from");
  if (type === "bind")
    return { type, target: absolute, source, from, writable: flag("readwrite") || (given.has("readonly") && !flag("readonly")) };
  const sharing = given.get("sharing") ?? "shared";
  if (!isSharing(sharing)) throw new MountInvalid(`unsupported sharing value "${sharing}" (shared, private, locked)`);
  return {
    type,
    target: absolute,
    id: given.get("id") ?? absolute,
    source,
    from,
    readonly: flag("readonly"),
    sharing,
    owned: ["mode", "uid", "gid"].some((key) => given.has(key)),
    mode: mode(0o755),
    ...owned,
  };
}

function isType(text: string): text is RunMount["type"] {
  return Object.hasOwn(KEYS, text);
}

function isSharing(text: string): text is "shared" | "private" | "locked" {
  return ["shared", "private", "locked"].includes(text);
}

function fields(text: string): Map<string, string> {
  const given = new Map<string, string>();
  for (const field of text.match(/(?:[^,"]|"[^"]*")+/g) ?? []) {
    const plain = field.replaceAll('"', "");
    const equals = plain.indexOf("=");
    const key = (equals === -1 ? plain : plain.slice(0, equals)).trim().toLowerCase();
    given.set(ALIASES[key] ?? key, equals === -1 ? "true" : plain.slice(equals + 1));
  }
  return given;
}

function parseFlag(key: string, value: string | undefined): boolean {
  if (value === undefined || value === "false" || value === "0") return false;
  if (value === "" || value === "true" || value === "1") return true;
  throw new MountInvalid(`invalid value for ${key}: ${value} (true or false)`);
}

function parseNumber(key: string, value: string, radix: 8 | 10): number {
  if (!(radix === 8 ? /^[0-7]+$/ : /^\d+$/).test(value)) throw new MountInvalid(`invalid value for ${key}: ${value}`);
  return Number.parseInt(value, radix);
}

function parseSize(text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?$/i.exec(text) ?? [];
  if (number === undefined) throw new MountInvalid(`invalid value for size: ${text}`);
  return Math.floor(Number(number) * UNITS[unit.toLowerCase()]!);
}

function absolutePath(target: string, workdir: string): string {
  const parts: string[] = [];
  for (const part of (target.startsWith("/") ? target : `${workdir}/${target}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** Where a mount's files come from, once that is known. */
export type MountSource =
  /** A path in a root file system: directories of layers, lowest first. */
  | {
      readonly kind: "layers";
      readonly layers: readonly string[];
      readonly path: string;
      readonly isDirectory: boolean;
      readonly scratch: string | undefined;
    }
  | { readonly kind: "host"; readonly path: string; readonly isDirectory: boolean }
  | { readonly kind: "tmpfs"; readonly sizeBytes: number | undefined }
  | { readonly kind: "content"; readonly content: Buffer; readonly mode: number; readonly uid: number; readonly gid: number };

export interface PlannedMount {
  readonly target: string;
  readonly source: MountSource;
  readonly readonly: boolean;
}

const MNT_DETACH = 2;
const CONTEXT = FIRST_FREE_SLOT - 2;
const MOUNT = FIRST_FREE_SLOT - 1;

export function planRunMounts(mounts: readonly PlannedMount[], mountpoint: string, empty: string, host: HostFacts): LaunchAdditions {
  const sources: Operation[] = [];
  const places: Operation[] = [];
  mounts.forEach(({ target, source, readonly }, index) => {
    const slot = FIRST_FREE_SLOT + index;
    const path = target.replace(/^\/+/, "");
    if (source.kind === "tmpfs") {
      const size = source.sizeBytes === undefined ? {} : { size: String(source.sizeBytes) };
      places.push(...mountNew("tmpfs", path, MountAttr.NOSUID | MountAttr.NODEV, { mode: "1777", ...size }));
      return;
    }
    sources.push(...openSource(source, slot, mountpoint, empty, host));
    const isDirectory = source.kind !== "content" && source.isDirectory;
    places.push(isDirectory ? { op: "MKDIR", path, mode: 0o755 } : { op: "TOUCH", path, mode: 0o644 });
    if (readonly) places.push({ op: "MOUNT_SETATTR", slot, set: MountAttr.RDONLY, flags: OpenTree.RECURSIVE });
    places.push({ op: "MOVE_MOUNT", slot, path });
  });
  return { sources, mounts: places };
}

function openSource(
  source: Exclude<MountSource, { kind: "tmpfs" }>,
  slot: number,
  mountpoint: string,
  empty: string,
  host: HostFacts,
): Plan {
  if (source.kind === "host") return [{ op: "OPEN_TREE", slot, path: source.path, flags: OpenTree.CLONE | OpenTree.RECURSIVE }];
  const close: Operation = { op: "UMOUNT", path: mountpoint, flags: MNT_DETACH };
  if (source.kind === "layers") {
    const { layers, scratch, path } = source;
    return openLayers({ layers: [empty, ...layers], scratch }, path, slot, { mountpoint, host });
  }
  // In memory only: what is secret never reaches a disk.
  return [
    { op: "FSOPEN", slot: CONTEXT, name: "tmpfs" },
    { op: "FSCONFIG", slot: CONTEXT, command: FsConfig.SET_STRING, name: "mode", data: "0755" },
    { op: "FSMOUNT", slot: CONTEXT, slot2: MOUNT, flags: MountAttr.NOSUID | MountAttr.NODEV },
    { op: "MOVE_MOUNT_HOST", slot: MOUNT, path: mountpoint },
    { op: "ROOT", path: mountpoint },
    { op: "WRITE", path: "content", data: source.content, mode: source.mode, uid: source.uid, gid: source.gid },
    { op: "OPEN_TREE_IN_ROOT", slot, path: "content", flags: OpenTree.CLONE },
    close,
  ];
}
