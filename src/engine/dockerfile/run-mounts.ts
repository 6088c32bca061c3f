/** `RUN --mount`: what the option says. Pure. */

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
