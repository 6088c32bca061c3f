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

/** `[type=file|env,]id=NAME[,src=FILE|,env=VARIABLE]`; without a source it is the variable or file of that name. */
export function secretsOf(words: readonly string[] | undefined, environment: NodeJS.ProcessEnv): Record<string, BuildSecret> {
  return Object.fromEntries(
    (words ?? []).map((word) => {
      const fields = fieldsOf(word);
      const id = fields.get("id");
      if (id === undefined || id === "") throw optionError("--secret", word, "id=NAME[,src=FILE|,env=VARIABLE]");
      const type = fields.get("type");
      if (type !== undefined && type !== "file" && type !== "env") throw optionError("--secret", word, "of a known type", ["file", "env"]);
      const source = fields.get("src") ?? fields.get("source");
      const env = fields.get("env") ?? (type === "env" ? (source ?? id) : undefined);
      if (env !== undefined) return [id, { env }];
      if (source !== undefined || type === "file" || environment[id] === undefined) return [id, { file: source ?? id }];
      return [id, { env: id }];
    }),
  );
}

/** `default`, `ID=SOCKET`, `ID=KEY,KEY`; with neither the socket of SSH_AUTH_SOCK. */
export function agentsOf(words: readonly string[] | undefined, environment: NodeJS.ProcessEnv): Record<string, string | string[]> {
  return Object.fromEntries(
    (words ?? []).map((word) => {
      const [id, given] = divided(word);
      if (given?.includes(",")) return [id, given.split(",")];
      const place = given || environment["SSH_AUTH_SOCK"];
      if (!place) throw optionError("--ssh", word, "ID=SOCKET, ID=KEY, or an agent in SSH_AUTH_SOCK");
      return [id, place];
    }),
  );
}

/** `HOST:ADDRESS`, also with `=`; addresses of IPv6 may stand in brackets. */
export function hostsOf(words: readonly string[] | undefined): NonNullable<BuildOptions["extraHosts"]> {
  return (words ?? []).map((word) => {
    const [, host = "", address = ""] = /^([^:=]+)[:=](.+)$/.exec(word) ?? [];
    if (host === "") throw optionError("--add-host", word, "HOST:ADDRESS");
    return { host, address: address.replace(/^\[(.*)\]$/, "$1") };
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
