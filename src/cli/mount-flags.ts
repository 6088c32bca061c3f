/** Docker's `--volume`, `--mount` and `--tmpfs`, in the contract's terms. Pure. */
import path from "node:path";
import { parseBind } from "../engine/bind-syntax.js";
import type { BindMountSpec, MountSpec, VolumeMountSpec } from "../engine/engine.js";
import { parseSize } from "./quantities.js";
import { pairs, splitAt } from "./split-at.js";
import { UsageError } from "./usage.js";

export interface MountFlags {
  readonly volume?: readonly string[] | undefined;
  readonly mount?: readonly string[] | undefined;
  readonly tmpfs?: readonly string[] | undefined;
}

/** @throws UsageError, OPTION_INVALID */
export function mountSpecs({ volume = [], mount = [], tmpfs = [] }: MountFlags): readonly MountSpec[] {
  return [...volume.map((text) => parseBind(text, (source) => path.resolve(source))), ...mount.map(parseMount), ...tmpfs.map(parseTmpfs)];
}

function parseTmpfs(text: string): MountSpec {
  const [target, options] = splitAt(text, ":");
  return { type: "tmpfs", target, options: options.split(",").filter(Boolean) };
}

const ALIASES: Readonly<Record<string, string>> = { src: "source", dst: "target", destination: "target", ro: "readonly" };
const COMMON = ["type", "source", "target", "readonly", "consistency"];
const KEYS: Readonly<Record<MountSpec["type"], readonly string[]>> = {
  bind: [...COMMON, "bind-propagation", "bind-recursive", "bind-nonrecursive", "bind-create-src"],
  volume: [...COMMON, "volume-nocopy", "volume-subpath", "volume-label"],
  tmpfs: [...COMMON, "tmpfs-size", "tmpfs-mode"],
  image: [...COMMON, "image-subpath"],
};

/** `type=bind,source=/a,target=/b,readonly`. @throws UsageError */
export function parseMount(text: string): MountSpec {
  const fields = fieldsOf(text);
  const type = fields.get("type")?.[0] ?? "volume";
  if (!Object.hasOwn(KEYS, type)) throw invalid(text, `the type ${JSON.stringify(type)} is none of ${Object.keys(KEYS).join(", ")}`);
  const keys = KEYS[type as MountSpec["type"]];
  for (const key of fields.keys())
    if (!keys.includes(key)) throw invalid(text, `a mount of type ${type} has no ${JSON.stringify(key)}; allowed: ${keys.join(", ")}`);
  const first = (key: string): string | undefined => fields.get(key)?.[0];
  const flag = (key: string): boolean => parseFlag(text, key, first(key));
  const target = first("target");
  if (target === undefined) throw invalid(text, "a target is missing");
  const source = first("source");
  switch (type as MountSpec["type"]) {
    case "bind":
      return { ...bindOptions(text, first, flag), type: "bind", source: path.resolve(required(text, source)), target };
    case "volume":
      return { ...volumeOptions(fields, first, flag), type: "volume", source: source || undefined, target };
    case "tmpfs": {
      const size = first("tmpfs-size");
      const mode = first("tmpfs-mode");
      return {
        type: "tmpfs",
        target,
        sizeBytes: size === undefined ? undefined : parseSize("mount tmpfs-size", size),
        mode: mode === undefined ? undefined : parseMode(text, mode),
        ...(flag("readonly") ? { options: ["ro"] } : {}),
      };
    }
    case "image":
      return { type: "image", source: required(text, source), target, subpath: first("image-subpath") };
  }
}

type First = (key: string) => string | undefined;
type Flag = (key: string) => boolean;

function bindOptions(text: string, first: First, flag: Flag): Omit<BindMountSpec, "type" | "source" | "target"> {
  const recursive = first("bind-recursive") ?? "enabled";
  if (!["enabled", "disabled", "readonly"].includes(recursive))
    throw invalid(text, `bind-recursive is enabled, disabled or readonly, not ${JSON.stringify(recursive)}`);
  return {
    readonly: flag("readonly"),
    propagation: first("bind-propagation") as BindMountSpec["propagation"],
    ...(recursive === "disabled" || flag("bind-nonrecursive") ? { recursive: false } : {}),
    ...(flag("bind-create-src") ? { createSource: true } : {}),
  };
}

function volumeOptions(fields: Fields, first: First, flag: Flag): Omit<VolumeMountSpec, "type" | "source" | "target"> {
  const labels = fields.get("volume-label");
  return {
    readonly: flag("readonly"),
    subpath: first("volume-subpath"),
    ...(flag("volume-nocopy") ? { noCopy: true } : {}),
    ...(labels ? { labels: pairs(labels) } : {}),
  };
}

type Fields = ReadonlyMap<string, readonly string[]>;

/** Comma-separated values (RFC 4180): a field with a comma is quoted, a quote in it doubled. */
function fieldsOf(text: string): Fields {
  const fields = new Map<string, string[]>();
  for (const raw of text.match(/"(?:[^"]|"")*"|[^,]+/g) ?? []) {
    const [name, value] = splitAt(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw, "=");
    const key = ALIASES[name.trim().toLowerCase()] ?? name.trim().toLowerCase();
    const values = fields.get(key) ?? [];
    if (values.length > 0 && key !== "volume-label") throw invalid(text, `${key} is there twice`);
    fields.set(key, [...values, value]);
  }
  return fields;
}

function parseFlag(text: string, key: string, value: string | undefined): boolean {
  if (value === undefined || value === "false" || value === "0") return false;
  if (value === "" || value === "true" || value === "1") return true;
  throw invalid(text, `${key} is true or false, not ${JSON.stringify(value)}`);
}

function parseMode(text: string, mode: string): number {
  if (!/^[0-7]+$/.test(mode)) throw invalid(text, `tmpfs-mode is an octal number, not ${JSON.stringify(mode)}`);
  return Number.parseInt(mode, 8);
}

function required(text: string, source: string | undefined): string {
  if (!source) throw invalid(text, "a source is missing");
  return source;
}

function invalid(text: string, reason: string): UsageError {
  return new UsageError(`--mount ${text}: ${reason}`);
}
