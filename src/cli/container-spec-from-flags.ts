/** What docker's flags of `run` say, in the contract's terms. Reads the files of --env-file, else pure. */
import { readFileSync } from "node:fs";
import type { ContainerSpec, DeviceRate, DeviceSpec, ResourceLimits, RestartPolicy } from "../engine/engine.js";
import { CaissonError } from "../engine/errors.js";
import { parseSecurityOptions } from "../engine/security-options.js";
import type { Values } from "./command.js";
import type { CONTAINER_OPTIONS } from "./container-flags.js";
import { mountSpecs } from "./mount-flags.js";
import { networkSpec } from "./network-flags.js";
import { exposedPorts, portBindings } from "./port-flags.js";
import { parseDuration, parseNumber, parseSize } from "./quantities.js";
import { pairs, splitAt } from "./split-at.js";
import { UsageError } from "./usage.js";

export type ContainerFlags = Values<typeof CONTAINER_OPTIONS>;

export interface ContainerWords {
  readonly image: string;
  readonly command: readonly string[];
  /** Gives their values to variables that are named without one. */
  readonly environment: NodeJS.ProcessEnv;
}

/** @throws UsageError, OPTION_INVALID, PATH_NOT_FOUND */
export function containerSpec(flags: ContainerFlags, { image, command, environment }: ContainerWords): ContainerSpec {
  return {
    image,
    command: command.length > 0 ? command : undefined,
    name: flags.name,
    entrypoint: flags.entrypoint === undefined ? undefined : flags.entrypoint === "" ? [] : [flags.entrypoint],
    env: variables(flags, environment),
    labels: pairs([...(flags["label-file"] ?? []).flatMap(linesOf), ...(flags.label ?? [])]),
    annotations: flags.annotation && pairs(flags.annotation),
    workingDir: flags.workdir,
    user: flags.user,
    groupAdd: flags["group-add"],
    hostname: flags.hostname,
    domainname: flags.domainname,
    exposedPorts: flags.expose?.flatMap(exposedPorts),
    publish: flags.publish?.flatMap(portBindings),
    publishAll: flags["publish-all"],
    ...networkSpec(flags),
    extraHosts: flags["add-host"]?.map(extraHost),
    dns: flags.dns,
    dnsSearch: flags["dns-search"],
    dnsOptions: flags["dns-option"],
    mounts: mountSpecs(flags),
    volumesFrom: flags["volumes-from"],
    shmSizeBytes: optional(flags["shm-size"], (text) => parseSize("shm-size", text)),
    readonlyRootfs: flags["read-only"],
    privileged: flags.privileged,
    capAdd: flags["cap-add"],
    capDrop: flags["cap-drop"],
    ...parseSecurityOptions(flags["security-opt"] ?? []),
    ulimits: flags.ulimit?.map(ulimit),
    sysctls: Object.fromEntries((flags.sysctl ?? []).map((setting) => required("sysctl", setting, "=", "NAME=VALUE"))),
    devices: flags.device?.map(device),
    ipcMode: flags.ipc as ContainerSpec["ipcMode"],
    pidMode: flags.pid as ContainerSpec["pidMode"],
    utsMode: flags.uts as ContainerSpec["utsMode"],
    init: flags.init,
    resources: resourceLimits(flags),
    oomScoreAdj: numberOf(flags, "oom-score-adj"),
    healthcheck: healthcheck(flags),
    logMaxBytes: logMaxBytes(flags),
    restartPolicy: flags.restart === undefined ? undefined : restartPolicy(flags.restart),
    stopSignal: flags["stop-signal"],
    stopTimeoutMs: optional(flags["stop-timeout"], (text) => parseNumber("stop-timeout", text) * 1000),
    platform: flags.platform,
  };
}

/** `--env` wins over `--env-file`, as with docker. */
export function variables(
  flags: Pick<ContainerFlags, "env" | "env-file">,
  environment: NodeJS.ProcessEnv,
): Readonly<Record<string, string>> {
  const lines = [...(flags["env-file"] ?? []).flatMap(linesOf), ...(flags.env ?? [])];
  return Object.fromEntries(
    lines.flatMap((line): [string, string][] => {
      if (line.includes("=")) return [splitAt(line, "=")];
      const value = environment[line];
      return value === undefined ? [] : [[line, value]];
    }),
  );
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8")
      .split(/\r?\n/)
      .map((line) => line.trimStart())
      .filter((line) => line !== "" && !line.startsWith("#"));
  } catch (cause) {
    throw new CaissonError("PATH_NOT_FOUND", `${file} can't be read: ${(cause as Error).message}`, { facts: { path: file }, cause });
  }
}

function extraHost(text: string): { host: string; address: string } {
  const [host, address] = required("add-host", text, text.includes("=") ? "=" : ":", "NAME:ADDRESS");
  return { host, address };
}

function ulimit(text: string): { name: string; soft: number; hard: number } {
  const [name, limits] = required("ulimit", text, "=", "NAME=SOFT[:HARD]");
  const [soft, hard] = limits.split(":").map((limit) => parseNumber("ulimit", limit));
  return { name, soft: soft!, hard: hard ?? soft! };
}

function device(text: string): DeviceSpec {
  const [hostPath = "", second, third] = text.split(":");
  const permissions = third ?? (second !== undefined && /^[rwm]+$/.test(second) ? second : undefined);
  return { hostPath, containerPath: second === permissions ? undefined : second, permissions };
}

/** `on-failure:3`. @throws UsageError */
export function restartPolicy(text: string): RestartPolicy {
  const [name, count] = text.split(":");
  return {
    name: name as RestartPolicy["name"],
    ...(count === undefined ? {} : { maximumRetryCount: parseNumber("restart", count) }),
  };
}

/** @throws UsageError */
export function resourceLimits(flags: ContainerFlags): ResourceLimits {
  return {
    memoryBytes: optional(flags.memory, (text) => parseSize("memory", text)),
    memorySwapBytes: optional(flags["memory-swap"], (text) => (text === "-1" ? -1 : parseSize("memory-swap", text))),
    cpus: numberOf(flags, "cpus"),
    memoryReservationBytes: optional(flags["memory-reservation"], (text) => parseSize("memory-reservation", text)),
    cpuShares: numberOf(flags, "cpu-shares"),
    cpuQuotaUs: numberOf(flags, "cpu-quota"),
    cpuPeriodUs: numberOf(flags, "cpu-period"),
    cpusetCpus: flags["cpuset-cpus"],
    cpusetMems: flags["cpuset-mems"],
    // Docker has two ways to say that there is none.
    pids: numberOf(flags, "pids-limit") === 0 ? -1 : numberOf(flags, "pids-limit"),
    blkioWeight: numberOf(flags, "blkio-weight"),
    blkioDeviceReadBps: deviceRates(flags, "device-read-bps", parseSize),
    blkioDeviceWriteBps: deviceRates(flags, "device-write-bps", parseSize),
    blkioDeviceReadIops: deviceRates(flags, "device-read-iops", parseNumber),
    blkioDeviceWriteIops: deviceRates(flags, "device-write-iops", parseNumber),
  };
}

/** `/dev/sda:1m`. */
function deviceRates(
  flags: ContainerFlags,
  name: "device-read-bps" | "device-write-bps" | "device-read-iops" | "device-write-iops",
  parse: (option: string, text: string) => number,
): readonly DeviceRate[] | undefined {
  return flags[name]?.map((text) => {
    const [path, rate] = required(name, text, ":", "DEVICE:RATE");
    return { path, rate: parse(name, rate) };
  });
}

function healthcheck(flags: ContainerFlags): ContainerSpec["healthcheck"] {
  const line = flags["health-cmd"];
  const given = Object.keys(flags).some((name) => name.startsWith("health-"));
  if (flags["no-healthcheck"] && given) throw new UsageError("--no-healthcheck can't be together with --health-... flags");
  if (flags["no-healthcheck"]) return "none";
  if (line === undefined) return undefined;
  const time = (name: "health-interval" | "health-timeout" | "health-start-period" | "health-start-interval"): number | undefined =>
    optional(flags[name], (text) => parseDuration(name, text));
  return {
    test: ["CMD-SHELL", line],
    intervalMs: time("health-interval"),
    timeoutMs: time("health-timeout"),
    startPeriodMs: time("health-start-period"),
    startIntervalMs: time("health-start-interval"),
    retries: numberOf(flags, "health-retries"),
  };
}

/** Checks the flags that leave no choice, too. */
function logMaxBytes(flags: ContainerFlags): number | undefined {
  only("log-driver", flags["log-driver"], ["json-file", "local"]);
  only("runtime", flags.runtime, ["runc"]);
  only("volume-driver", flags["volume-driver"], ["local"]);
  const { "max-size": size, ...others } = pairs(flags["log-opt"] ?? []);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new UsageError(`--log-opt knows max-size, not ${JSON.stringify(unknown)}`);
  return optional(size, (text) => parseSize("log-opt max-size", text));
}

function only(option: string, value: string | undefined, known: readonly string[]): void {
  if (value !== undefined && !known.includes(value))
    throw new UsageError(`--${option} takes ${known.join(" or ")}, not ${JSON.stringify(value)}`);
}

function numberOf(
  flags: ContainerFlags,
  name: "cpus" | "cpu-shares" | "cpu-quota" | "cpu-period" | "blkio-weight" | "pids-limit" | "oom-score-adj" | "health-retries",
): number | undefined {
  return optional(flags[name], (text) => parseNumber(name, text));
}

function optional<T>(text: string | undefined, parse: (text: string) => T): T | undefined {
  return text === undefined ? undefined : parse(text);
}

function required(option: string, text: string, separator: string, shape: string): [string, string] {
  const [left, right] = splitAt(text, separator);
  if (left === "" || !text.includes(separator)) throw new UsageError(`--${option} takes ${shape}, not ${JSON.stringify(text)}`);
  return [left, right];
}
