/** Flags of `caisson build` to the contract's options. */
import type { BuildOptions, BuildSecret } from "../engine/engine.js";
import { optionError } from "../engine/errors.js";

/** `NAME=VALUE`, or `NAME` for the value of this process's own variable. */
export function namedValues(flag: string, words: readonly string[] | undefined, environment: NodeJS.ProcessEnv): Record<string, string> {
  const values: Record<string, string> = {};
  for (const word of words ?? []) {
    const [name, value] = divided(word);
    if (name === "") throw optionError(flag, word, "NAME=VALUE");
    const set = value ?? environment[name];
    if (set !== undefined) values[name] = set;
  }
  return values;
}

/** `id=NAME,src=FILE`, `id=NAME,env=VARIABLE`, or `id=NAME` for the variable or file of that name. */
export function secretsOf(words: readonly string[] | undefined, environment: NodeJS.ProcessEnv): Record<string, BuildSecret> {
  return Object.fromEntries(
    (words ?? []).map((word) => {
      const fields = fieldsOf(word);
      const id = fields.get("id");
      if (id === undefined || id === "") throw optionError("--secret", word, "id=NAME[,src=FILE|,env=VARIABLE]");
      const file = fields.get("src") ?? fields.get("source");
      const env = fields.get("env");
      if (file !== undefined) return [id, { file }];
      return [id, env === undefined && environment[id] === undefined ? { file: id } : { env: env ?? id }];
    }),
  );
}

/** `default`, `ID=SOCKET`; without a socket that of SSH_AUTH_SOCK. */
export function agentsOf(words: readonly string[] | undefined, environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    (words ?? []).map((word) => {
      const [id, socket = environment["SSH_AUTH_SOCK"]] = divided(word);
      if (socket === undefined) throw optionError("--ssh", word, "ID=SOCKET, or an agent in SSH_AUTH_SOCK");
      return [id, socket];
    }),
  );
}

/** `HOST:ADDRESS` */
export function hostsOf(words: readonly string[] | undefined): NonNullable<BuildOptions["extraHosts"]> {
  return (words ?? []).map((word) => {
    const [, host = "", address = ""] = /^([^:=]+)[:=](.+)$/.exec(word) ?? [];
    if (host === "") throw optionError("--add-host", word, "HOST:ADDRESS");
    return { host, address };
  });
}

/** Where the result goes besides the store. */
export interface Output {
  readonly type: "local" | "tar" | "oci" | "docker" | "image";
  /** `-` for the standard output. */
  readonly dest: string;
}

/** `DIRECTORY`, `-`, or `type=local|tar|oci|docker|image,dest=PATH`. */
export function outputOf(text: string): Output {
  if (!text.includes("=")) return text === "-" ? { type: "tar", dest: "-" } : { type: "local", dest: text };
  const fields = fieldsOf(text);
  const type = fields.get("type") ?? "local";
  const kinds = ["local", "tar", "oci", "docker", "image"];
  if (!kinds.includes(type)) throw optionError("--output", text, "a known type", kinds);
  const dest = fields.get("dest") ?? (type === "local" || type === "image" ? "" : "-");
  if (type === "local" && dest === "") throw optionError("--output", text, "type=local,dest=DIRECTORY");
  return { type: type as Output["type"], dest };
}

function fieldsOf(text: string): Map<string, string> {
  return new Map(
    text.split(",").map((field) => {
      const [name, value = ""] = divided(field);
      return [name, value];
    }),
  );
}

function divided(word: string): [string, string | undefined] {
  const equals = word.indexOf("=");
  return equals === -1 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
}
