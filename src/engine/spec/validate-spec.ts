/** Checks a container's spec before anything is made: names and types of its properties, and values that no step would check later. */
import { isIP } from "node:net";
import type { ContainerSpec } from "../engine.js";
import { optionError } from "../errors.js";
import { validateSysctls } from "./sysctls.js";
import { validateUlimits } from "./ulimits.js";
import { validateDevices } from "./validate-devices.js";
import { validateResources, validateRestartPolicy } from "./validate-limits.js";
import { validateMounts } from "./validate-mounts.js";

type Kind = "string" | "boolean" | "number" | "numbers" | "strings" | "record" | "list" | "object" | "objects" | "healthcheck";

const KINDS: { readonly [K in keyof Required<ContainerSpec>]: Kind } = {
  image: "string",
  name: "string",
  platform: "string",
  entrypoint: "strings",
  command: "strings",
  env: "record",
  labels: "record",
  annotations: "record",
  workingDir: "string",
  user: "string",
  groupAdd: "strings",
  hostname: "string",
  domainname: "string",
  tty: "boolean",
  openStdin: "boolean",
  stdinOnce: "boolean",
  exposedPorts: "strings",
  publish: "list",
  publishAll: "boolean",
  networkMode: "string",
  networks: "objects",
  exposedHostPorts: "numbers",
  extraHosts: "list",
  dns: "strings",
  dnsSearch: "strings",
  dnsOptions: "strings",
  mounts: "list",
  volumesFrom: "strings",
  shmSizeBytes: "number",
  readonlyRootfs: "boolean",
  privileged: "boolean",
  capAdd: "strings",
  capDrop: "strings",
  noNewPrivileges: "boolean",
  seccomp: "string",
  ulimits: "list",
  sysctls: "record",
  devices: "list",
  ipcMode: "string",
  pidMode: "string",
  utsMode: "string",
  init: "boolean",
  resources: "object",
  oomScoreAdj: "number",
  healthcheck: "healthcheck",
  stopSignal: "string",
  stopTimeoutMs: "number",
  logMaxBytes: "number",
  restartPolicy: "object",
  autoRemove: "boolean",
};

const CHOICES: Readonly<Partial<Record<keyof ContainerSpec, readonly string[]>>> = {
  seccomp: ["default", "unconfined"],
  ipcMode: ["private", "shareable", "host", "none", "container:NAME"],
  pidMode: ["private", "host", "container:NAME"],
  utsMode: ["private", "host"],
};

const CHECKS: Readonly<Record<Kind, readonly [expected: string, test: (value: unknown) => boolean]>> = {
  string: ["a string", (value) => typeof value === "string"],
  boolean: ["a boolean", (value) => typeof value === "boolean"],
  number: ["a number", (value) => typeof value === "number" && Number.isFinite(value)],
  numbers: ["a list of numbers", (value) => Array.isArray(value) && value.every((item) => Number.isFinite(item))],
  strings: ["a list of strings", (value) => Array.isArray(value) && value.every((item) => typeof item === "string")],
  record: ["an object with string values", (value) => isObject(value) && Object.values(value).every((item) => typeof item === "string")],
  list: ["a list of objects", (value) => Array.isArray(value) && value.every((item) => isObject(item))],
  object: ["an object", isObject],
  objects: ["an object of objects", (value) => isObject(value) && Object.values(value).every(isObject)],
  healthcheck: ["a health check, or `none`", (value) => value === "none" || isObject(value)],
};

/** @throws OPTION_INVALID */
export function validateSpec(spec: ContainerSpec): void {
  for (const [name, value] of Object.entries(spec) as [keyof ContainerSpec, unknown][]) {
    const kind = KINDS[name];
    if (kind === undefined) throw optionError(name, value, "absent: there is no such option", nearest(name, Object.keys(KINDS)));
    if (value === undefined) continue;
    const [expected, test] = CHECKS[kind];
    if (!test(value)) throw optionError(name, value, expected);
    const choices = CHOICES[name];
    if (choices && !isChoice(value as string, choices)) throw optionError(name, value, "one of the known values", choices);
  }
  checkPorts(spec);
  checkNetwork(spec);
  validateMounts(spec);
  checkValues(spec);
}

function checkPorts(spec: ContainerSpec): void {
  for (const port of spec.exposedPorts ?? []) {
    const match = /^(\d{1,5})(?:\/(tcp|udp))?$/.exec(port);
    if (!match || !isPort(Number(match[1]), 1)) throw optionError("exposedPorts", port, "a port from 1 to 65535 with `/tcp` or `/udp`");
  }
  for (const binding of spec.publish ?? []) {
    if (!isPort(binding.containerPort, 1)) throw optionError("publish.containerPort", binding.containerPort, "a port from 1 to 65535");
    if (binding.hostPort !== undefined && !isPort(binding.hostPort, 0))
      throw optionError("publish.hostPort", binding.hostPort, "a port from 0 to 65535");
    const { hostPort, hostPortEnd } = binding;
    if (hostPortEnd !== undefined && !(hostPort && isPort(hostPortEnd, hostPort)))
      throw optionError("publish.hostPortEnd", hostPortEnd, "a port from `hostPort`, which must be set, to 65535");
    if (binding.protocol !== undefined && !["tcp", "udp"].includes(binding.protocol))
      throw optionError("publish.protocol", binding.protocol, "a protocol", ["tcp", "udp"]);
  }
}

const MODES = ["default", "none", "host", "container:ID"];

function checkNetwork({ networkMode, networks, dns, publish, hostname, exposedHostPorts = [], extraHosts = [] }: ContainerSpec): void {
  if (networkMode !== undefined && !/^(default|none|host|container:.+)$/.test(networkMode))
    throw optionError("networkMode", networkMode, "one of the known values", MODES);
  if (networks !== undefined && networkMode !== undefined && networkMode !== "default")
    throw optionError("networks", Object.keys(networks).join(", "), `absent with networkMode ${networkMode}`);
  for (const server of dns ?? []) if (isIP(server) === 0) throw optionError("dns", server, "an IPv4 or IPv6 address");
  for (const port of exposedHostPorts) if (!isPort(port, 1)) throw optionError("exposedHostPorts", port, "a port from 1 to 65535");
  if (exposedHostPorts.length > 0 && networkMode !== undefined && networkMode !== "default")
    throw optionError("exposedHostPorts", exposedHostPorts.join(", "), `absent with networkMode ${networkMode}`);
  for (const { host, address } of extraHosts) {
    if (typeof host !== "string" || !/^[^\s#]+$/.test(host)) throw optionError("extraHosts.host", host, "a name without spaces");
    if (address !== "host-gateway" && (typeof address !== "string" || isIP(address) === 0))
      throw optionError("extraHosts.address", address, "an IPv4 or IPv6 address, or `host-gateway`");
  }
  if (!networkMode?.startsWith("container:")) return;
  if (publish && publish.length > 0)
    throw optionError("publish", publish, "absent: the ports are those of the container whose network is shared");
  if (hostname !== undefined) throw optionError("hostname", hostname, "absent: it is that of the container whose network is shared");
  if (dns && dns.length > 0) throw optionError("dns", dns, "absent: name servers are those of the container whose network is shared");
  if (extraHosts.length > 0)
    throw optionError("extraHosts", extraHosts, "absent: /etc/hosts is that of the container whose network is shared");
}

function checkValues(spec: ContainerSpec): void {
  for (const name of Object.keys(spec.env ?? {})) {
    if (name === "" || name.includes("=") || name.includes("\0"))
      throw optionError("env", name, "a variable's name: not empty and without `=`");
  }
  for (const name of ["stopTimeoutMs", "logMaxBytes", "shmSizeBytes"] as const) {
    const value = spec[name];
    if (value !== undefined && value < 0) throw optionError(name, value, "a number that is not negative");
  }
  validateUlimits(spec.ulimits ?? []);
  validateSysctls(spec);
  validateDevices(spec.devices ?? []);
  if (spec.resources) validateResources(spec.resources);
  if (spec.restartPolicy) validateRestartPolicy(spec.restartPolicy);
  if (spec.autoRemove && spec.restartPolicy && spec.restartPolicy.name !== "no")
    throw optionError("autoRemove", true, "absent: a container with a restart policy stays");
  if (spec.utsMode === "host" && (spec.hostname !== undefined || spec.domainname !== undefined))
    throw optionError("utsMode", "host", "`private` for a container with a host name or domain name of its own");
}

function isChoice(value: string, choices: readonly string[]): boolean {
  return choices.some((choice) => (choice === "container:NAME" ? /^container:./.test(value) : choice === value));
}

function isPort(value: unknown, lowest: number): boolean {
  return Number.isInteger(value) && (value as number) >= lowest && (value as number) <= 65_535;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Names that begin alike, or contain one another. */
function nearest(name: string, known: readonly string[]): readonly string[] {
  const lower = name.toLowerCase();
  const close = known.filter((candidate) => {
    const other = candidate.toLowerCase();
    return other.includes(lower) || lower.includes(other) || other.slice(0, 4) === lower.slice(0, 4);
  });
  return close.length > 0 ? close : known;
}
