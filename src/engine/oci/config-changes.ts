/** Dockerfile instructions that change an image's configuration, as `docker commit --change` and `docker import --change` take them. */
import type { ImageConfig } from "../engine.js";
import { optionError } from "../errors.js";

type Change = (config: ImageConfig, text: string) => ImageConfig;

const CHANGES: Readonly<Record<string, Change>> = {
  CMD: (config, text) => ({ ...config, command: commandOf(config, text) }),
  ENTRYPOINT: (config, text) => ({ ...config, entrypoint: commandOf(config, text) }),
  ENV: (config, text) => ({ ...config, env: withVariables(config.env, pairs("ENV", text)) }),
  EXPOSE: (config, text) => ({ ...config, exposedPorts: union(config.exposedPorts, words(text).map(portOf)) }),
  LABEL: (config, text) => ({ ...config, labels: { ...config.labels, ...Object.fromEntries(pairs("LABEL", text)) } }),
  STOPSIGNAL: (config, text) => ({ ...config, stopSignal: text }),
  USER: (config, text) => ({ ...config, user: text }),
  VOLUME: (config, text) => ({ ...config, volumes: union(config.volumes, jsonList(text) ?? words(text)) }),
  WORKDIR: (config, text) => ({ ...config, workingDir: text }),
};

/** @throws OPTION_INVALID */
export function applyChanges(config: ImageConfig, changes: readonly string[]): ImageConfig {
  return changes.reduce((changed, line) => {
    const [, instruction = "", text = ""] = /^\s*(\S+)\s+(.*?)\s*$/s.exec(line) ?? [];
    const change = CHANGES[instruction.toUpperCase()];
    if (!change || text === "") throw optionError("changes", line, "an instruction with its argument", Object.keys(CHANGES));
    return change(changed, text);
  }, config);
}

/** JSON form as it is; anything else for the shell. */
function commandOf(config: ImageConfig, text: string): readonly string[] {
  return jsonList(text) ?? [...(config.shell ?? ["/bin/sh", "-c"]), text];
}

function jsonList(text: string): readonly string[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((item) => typeof item === "string") ? list : undefined;
  } catch {
    return undefined;
  }
}

function pairs(instruction: string, text: string): (readonly [string, string])[] {
  if (!/^[^\s=]+=/.test(text)) {
    const [, name, value] = /^(\S+)\s+(.*)$/s.exec(text) ?? [];
    if (instruction === "ENV" && name !== undefined && value !== undefined) return [[name, value]];
    throw optionError("changes", `${instruction} ${text}`, "name=value");
  }
  return words(text).map((word) => {
    const equals = word.indexOf("=");
    if (equals < 1) throw optionError("changes", `${instruction} ${text}`, "name=value");
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
}

/** Split at white space outside of quotes; quotes and backslashes are taken away. */
function words(text: string): string[] {
  return [...text.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/gs)].map(([word]) =>
    word.replace(
      /\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/gs,
      (_, escaped, double, single) => escaped ?? double?.replace(/\\(["\\])/g, "$1") ?? single,
    ),
  );
}

function withVariables(env: readonly string[], variables: readonly (readonly [string, string])[]): string[] {
  const merged = new Map(env.map((variable) => [variable.split("=", 1)[0] ?? "", variable]));
  for (const [name, value] of variables) merged.set(name, `${name}=${value}`);
  return [...merged.values()];
}

function portOf(port: string): string {
  return port.includes("/") ? port : `${port}/tcp`;
}

function union(known: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...known, ...more])];
}
