/**
 * What instructions do to an image's configuration and history. Pure: state in, state out. History texts are BuildKit's, so that
 * `docker history` shows the same for both.
 */

import type { ImageConfig } from "../engine.js";
import type { OciImageConfig } from "../oci/image-config.js";
import { formatDuration } from "./duration.js";
import type { HealthcheckInstruction } from "./instructions.js";

export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const DEFAULT_SHELL = ["/bin/sh", "-c"];
const COMMENT = "buildkit.dockerfile.v0";

export interface HistoryEntry {
  readonly created_by: string;
  readonly comment: string;
  readonly empty_layer?: true;
}

/** An image that grows. */
export interface ImageState {
  readonly config: ImageConfig;
  /** Of the base image: history that is kept, fields that nobody here knows. */
  readonly base: OciImageConfig | undefined;
  readonly author: string | undefined;
  readonly history: readonly HistoryEntry[];
  /** diffIDs, lowest first. */
  readonly layers: readonly string[];
  /** What instructions see: the image's environment, and the build arguments declared so far. */
  readonly env: ReadonlyMap<string, string>;
  /** Arguments declared so far, in order, for RUN's history. */
  readonly args: readonly { readonly name: string; readonly value: string | undefined }[];
  /** CMD was set in this stage. */
  readonly ownCommand: boolean;
}

export function emptyImage(config: ImageConfig): ImageState {
  const withPath = { ...config, env: [`PATH=${DEFAULT_PATH}`], workingDir: "/" };
  return {
    config: withPath,
    base: undefined,
    author: undefined,
    history: [],
    layers: [],
    env: environment(withPath.env),
    args: [],
    ownCommand: false,
  };
}

export function fromImage(base: OciImageConfig, config: ImageConfig): ImageState {
  const env = config.env.some((variable) => variable.startsWith("PATH=")) ? config.env : [...config.env, `PATH=${DEFAULT_PATH}`];
  return {
    config: { ...config, env, onBuild: [] },
    base,
    author: base.author,
    history: [],
    layers: base.rootfs.diff_ids,
    env: environment(env),
    args: [],
    ownCommand: false,
  };
}

/** A stage on top of another one. */
export function fromStage(state: ImageState): ImageState {
  const env = new Map([...state.env, ...environment(state.config.env)]);
  return { ...state, config: { ...state.config, onBuild: [] }, env, ownCommand: false };
}

function environment(env: readonly string[]): Map<string, string> {
  return new Map(
    env.map((variable) => {
      const equals = variable.indexOf("=");
      return equals === -1 ? [variable, ""] : [variable.slice(0, equals), variable.slice(equals + 1)];
    }),
  );
}

/** @param layer diffID of what the instruction wrote; undefined where it only changed the configuration */
export function commit(state: ImageState, createdBy: string, layer?: string): ImageState {
  const entry: HistoryEntry = { created_by: createdBy, comment: COMMENT, ...(layer === undefined ? { empty_layer: true } : {}) };
  return { ...state, history: [...state.history, entry], layers: layer === undefined ? state.layers : [...state.layers, layer] };
}

export type Pair = { readonly name: string; readonly value: string };

export function withEnv(state: ImageState, pairs: readonly Pair[]): ImageState {
  const env = new Map(state.env);
  let variables = state.config.env;
  for (const { name, value } of pairs) {
    putLast(env, name, value);
    const known = variables.findIndex((variable) => variable.split("=", 1)[0] === name);
    variables = known === -1 ? [...variables, `${name}=${value}`] : variables.with(known, `${name}=${value}`);
  }
  return commit({ ...state, env, config: { ...state.config, env: variables } }, `ENV ${joined(pairs)}`);
}

export function withLabels(state: ImageState, pairs: readonly Pair[]): ImageState {
  const labels = { ...state.config.labels, ...Object.fromEntries(pairs.map(({ name, value }) => [name, value])) };
  return commit({ ...state, config: { ...state.config, labels } }, `LABEL ${joined(pairs)}`);
}

/** Arguments as they are declared: `visible` ones become part of the environment that instructions see. */
export function withArgs(
  state: ImageState,
  args: readonly { readonly name: string; readonly value: string | undefined; readonly visible: boolean }[],
): ImageState {
  const env = new Map(state.env);
  for (const { name, value, visible } of args) if (value !== undefined && visible) putLast(env, name, value);
  const text = args.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`)).join(" ");
  return commit({ ...state, env, args: [...state.args, ...args.map(({ name, value }) => ({ name, value }))] }, `ARG ${text}`);
}

/** What is set anew goes behind the others, as in BuildKit's environments. */
function putLast(env: Map<string, string>, name: string, value: string): void {
  env.delete(name);
  env.set(name, value);
}

/** @param words the command line, the shell in front of it already */
export function withCommand(state: ImageState, words: readonly string[]): ImageState {
  return commit({ ...state, ownCommand: true, config: { ...state.config, command: words } }, `CMD ${goQuotedList(words)}`);
}

export function withEntrypoint(state: ImageState, words: readonly string[]): ImageState {
  const command = state.ownCommand ? state.config.command : undefined;
  return commit({ ...state, config: { ...state.config, entrypoint: words, command } }, `ENTRYPOINT ${goQuotedList(words)}`);
}

export function withShell(state: ImageState, shell: readonly string[]): ImageState {
  return commit({ ...state, config: { ...state.config, shell } }, `SHELL [${shell.join(" ")}]`);
}

/** @param ports `"80/tcp"` */
export function withPorts(state: ImageState, ports: readonly string[]): ImageState {
  const exposedPorts = [...new Set([...state.config.exposedPorts, ...ports])];
  const text = [...new Set(ports)].sort().map((port) => `${port}:{}`);
  return commit({ ...state, config: { ...state.config, exposedPorts } }, `EXPOSE map[${text.join(" ")}]`);
}

export function withVolumes(state: ImageState, paths: readonly string[]): ImageState {
  const volumes = [...new Set([...state.config.volumes, ...paths])];
  return commit({ ...state, config: { ...state.config, volumes } }, `VOLUME [${paths.join(" ")}]`);
}

export function withUser(state: ImageState, user: string): ImageState {
  return commit({ ...state, config: { ...state.config, user } }, `USER ${user}`);
}

export function withStopSignal(state: ImageState, stopSignal: string): ImageState {
  return commit({ ...state, config: { ...state.config, stopSignal } }, `STOPSIGNAL ${stopSignal}`);
}

export function withMaintainer(state: ImageState, author: string): ImageState {
  return commit({ ...state, author }, `MAINTAINER ${author}`);
}

export function withTrigger(state: ImageState, expression: string): ImageState {
  return { ...state, config: { ...state.config, onBuild: [...state.config.onBuild, expression] } };
}

export function withHealthcheck(state: ImageState, healthcheck: Omit<HealthcheckInstruction, "keyword">): ImageState {
  const { test, intervalMs = 0, timeoutMs = 0, startPeriodMs = 0, startIntervalMs = 0, retries = 0 } = healthcheck;
  const times = [
    ...[`Interval:${formatDuration(intervalMs)}`, `Timeout:${formatDuration(timeoutMs)}`],
    ...[`StartPeriod:${formatDuration(startPeriodMs)}`, `StartInterval:${formatDuration(startIntervalMs)}`],
  ];
  const text = `HEALTHCHECK {Test:[${test.join(" ")}] ${times.join(" ")} Retries:${retries}}`;
  return commit({ ...state, config: { ...state.config, healthcheck } }, text);
}

/** WORKDIR's directory: relative ones start at the last one. */
export function resolveWorkdir(current: string, wanted: string): string {
  return normalized(wanted.startsWith("/") ? wanted : `${current || "/"}/${wanted}`);
}

function normalized(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** The shell in front of a command line in shell form. */
export function shellWords(config: ImageConfig, words: readonly string[]): readonly string[] {
  return [...(config.shell && config.shell.length > 0 ? config.shell : DEFAULT_SHELL), words.join(" ")];
}

/** RUN's text in the history: the arguments that it could see, then the command line. */
export function runText(state: ImageState, words: readonly string[]): string {
  const args = new Map(state.args.map(({ name, value }) => [name, state.env.get(name) ?? value ?? ""]));
  const seen = args.size > 0 ? [`|${args.size}`, ...[...args].map(([name, value]) => `${name}=${value}`)] : [];
  return `RUN ${[...seen, ...words].join(" ")} # buildkit`;
}

function joined(pairs: readonly Pair[]): string {
  return pairs.map(({ name, value }) => `${name}=${value}`).join(" ");
}

/** Go's `%q` of a list of strings. */
function goQuotedList(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word)).join(" ")}]`;
}
