/** The body of `POST /containers/create` as a container's spec. Pure. */
import type { ContainerSpec, EndpointSpec, Healthcheck, PortBinding, ResourceLimits, RestartPolicy } from "../engine.js";
import { parseSecurityOptions } from "../security-options.js";
import { deviceRatesOf } from "./device-rates.js";
import { Fields, MalformedBody } from "./json-fields.js";
import { mountsOfBody } from "./mounts-of-body.js";

const NANO_CPUS = 1e9;
const MEMORY_MIN = 6 << 20;
/** What stands for the default network. */
const DEFAULT_NETWORK = ["", "default", "bridge", "nat", "podman"];

export interface CreateOptions {
  readonly name?: string | undefined;
  readonly platform?: string | undefined;
  /** For ports that name none. @default the engine's */
  readonly hostIp?: string | undefined;
}

export interface ParsedCreate {
  readonly spec: ContainerSpec;
  /** What was asked for and has no effect. */
  readonly warnings: readonly string[];
}

/** @throws MalformedBody, OPTION_INVALID */
export function specOfBody(body: Fields, options: CreateOptions = {}): ParsedCreate {
  const host = body.object("HostConfig");
  const image = body.text("Image") ?? "";
  if (image === "") throw new MalformedBody("config cannot be empty in order to create a container: Image is missing");
  checkUnserved(host);
  const spec: ContainerSpec = {
    image,
    name: options.name?.replace(/^\//, ""),
    platform: options.platform,
    entrypoint: entrypoint(body.words("Entrypoint")),
    command: nonEmpty(body.words("Cmd")),
    env: environment(body.texts("Env")),
    labels: body.record("Labels"),
    annotations: host.record("Annotations"),
    workingDir: body.word("WorkingDir"),
    user: body.word("User"),
    groupAdd: nonEmpty(host.texts("GroupAdd")),
    hostname: body.word("Hostname"),
    domainname: body.word("Domainname"),
    tty: body.flag("Tty"),
    openStdin: body.flag("OpenStdin"),
    stdinOnce: body.flag("StdinOnce"),
    exposedPorts: nonEmpty(body.keys("ExposedPorts")),
    publish: nonEmpty(portBindings(host, options.hostIp)),
    publishAll: host.flag("PublishAllPorts"),
    ...network(body, host),
    extraHosts: nonEmpty(host.texts("ExtraHosts")?.map(extraHost)),
    dns: nonEmpty(host.texts("Dns")),
    dnsSearch: nonEmpty(host.texts("DnsSearch")),
    dnsOptions: nonEmpty(host.texts("DnsOptions")),
    mounts: nonEmpty(mountsOfBody(body, host)),
    volumesFrom: nonEmpty(host.texts("VolumesFrom")),
    shmSizeBytes: host.amount("ShmSize"),
    readonlyRootfs: host.flag("ReadonlyRootfs"),
    privileged: host.flag("Privileged"),
    capAdd: nonEmpty(host.texts("CapAdd")),
    capDrop: nonEmpty(host.texts("CapDrop")),
    ...parseSecurityOptions(host.texts("SecurityOpt") ?? []),
    ulimits: nonEmpty(host.objects("Ulimits")?.map(ulimit)),
    sysctls: host.record("Sysctls"),
    devices: nonEmpty(
      host.objects("Devices")?.map((device) => ({
        hostPath: device.text("PathOnHost") ?? "",
        containerPath: device.word("PathInContainer"),
        permissions: device.word("CgroupPermissions"),
      })),
    ),
    ipcMode: host.word("IpcMode") as ContainerSpec["ipcMode"],
    pidMode: host.word("PidMode") as ContainerSpec["pidMode"],
    utsMode: host.word("UTSMode") as ContainerSpec["utsMode"],
    init: host.flag("Init"),
    resources: resourcesOf(host),
    oomScoreAdj: host.amount("OomScoreAdj"),
    healthcheck: healthcheck(body.object("Healthcheck")),
    stopSignal: body.word("StopSignal"),
    stopTimeoutMs: stopTimeout(body.number("StopTimeout")),
    logMaxBytes: logMaxBytes(host.object("LogConfig")),
    restartPolicy: restartPolicyOf(host.object("RestartPolicy")),
    autoRemove: host.flag("AutoRemove"),
  };
  return { spec: withoutUndefined(spec), warnings: warningsOf(body, host) };
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}

function nonEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list && list.length > 0 ? list : undefined;
}

/** One empty word, as the command line sends for `--entrypoint ""`, takes the image's away. */
function entrypoint(words: readonly string[] | undefined): readonly string[] | undefined {
  return words?.length === 1 && words[0] === "" ? [] : nonEmpty(words);
}

/** A name without a value takes the image's variable away; here there is none to set. */
function environment(lines: readonly string[] | undefined): Readonly<Record<string, string>> | undefined {
  if (!lines) return undefined;
  const pairs = lines.flatMap((line): [string, string][] => {
    const at = line.indexOf("=");
    if (at === 0) throw new MalformedBody(`invalid environment variable: ${line}`);
    return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
  });
  return Object.fromEntries(pairs);
}

function portBindings(host: Fields, defaultIp: string | undefined): readonly PortBinding[] {
  const bindings = host.any("PortBindings");
  if (bindings === undefined) return [];
  return Object.entries(new Fields({ PortBindings: bindings }).object("PortBindings").json as object).flatMap(([port, value]) => {
    const list = new Fields({ [port]: value }, "PortBindings").objects(port) ?? [];
    // No binding at all is one to any port of the host.
    return (list.length === 0 ? [new Fields({})] : list).flatMap((binding) => portBinding(port, binding, defaultIp));
  });
}

function portBinding(name: string, binding: Fields, defaultIp: string | undefined): PortBinding[] {
  const [, port, protocol = "tcp"] = /^(\d{1,5})(?:\/(\w+))?$/.exec(name) ?? [];
  if (port === undefined || !["tcp", "udp"].includes(protocol))
    throw new MalformedBody(`invalid port specification: ${JSON.stringify(name)}`);
  const hostIp = binding.word("HostIp") ?? defaultIp;
  return [
    {
      containerPort: Number(port),
      protocol: protocol as "tcp" | "udp",
      ...hostPorts(binding.word("HostPort")),
      ...(hostIp === undefined ? {} : { hostIp }),
    },
  ];
}

/** `80`, or `8000-8010` for the first of them that is free; 0 is any. */
function hostPorts(text: string | undefined): Pick<PortBinding, "hostPort" | "hostPortEnd"> {
  if (text === undefined) return {};
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (first === undefined || Number(last) < Number(first)) throw new MalformedBody(`invalid port specification: ${JSON.stringify(text)}`);
  if (Number(first) === 0) return {};
  return first === last ? { hostPort: Number(first) } : { hostPort: Number(first), hostPortEnd: Number(last) };
}

function network(body: Fields, host: Fields): Pick<ContainerSpec, "networkMode" | "networks"> {
  const mode = host.text("NetworkMode") ?? "";
  if (mode === "host" || mode === "none" || mode.startsWith("container:")) return { networkMode: mode as ContainerSpec["networkMode"] };
  const wanted = new Map<string, EndpointSpec>();
  if (!DEFAULT_NETWORK.includes(mode)) wanted.set(mode, {});
  for (const [name, endpoint] of body.object("NetworkingConfig").entries("EndpointsConfig"))
    if (!DEFAULT_NETWORK.includes(name)) wanted.set(name, endpointOfBody(endpoint));
  const macAddress = body.word("MacAddress");
  const [first] = wanted;
  if (first && macAddress !== undefined) wanted.set(first[0], { macAddress, ...first[1] });
  return wanted.size > 0 ? { networks: Object.fromEntries(wanted) } : {};
}

/** @throws MalformedBody */
export function endpointOfBody(endpoint: Fields): EndpointSpec {
  const fixed = endpoint.object("IPAMConfig");
  return withoutUndefined({
    aliases: nonEmpty(endpoint.texts("Aliases")),
    ipv4Address: fixed.word("IPv4Address"),
    ipv6Address: fixed.word("IPv6Address"),
    macAddress: endpoint.word("MacAddress"),
  });
}

function extraHost(line: string): { host: string; address: string } {
  const at = line.includes("=") ? line.indexOf("=") : line.indexOf(":");
  if (at < 1) throw new MalformedBody(`bad format for add-host: ${JSON.stringify(line)}`);
  return { host: line.slice(0, at), address: line.slice(at + 1).replace(/^\[|\]$/g, "") };
}

function ulimit(limit: Fields): { name: string; soft: number; hard: number } {
  const soft = limit.number("Soft") ?? 0;
  return { name: limit.text("Name") ?? "", soft, hard: limit.number("Hard") ?? soft };
}

/** Zeros say nothing. @throws MalformedBody */
export function resourcesOf(host: Fields): ResourceLimits {
  const nano = host.amount("NanoCpus") ?? host.amount("NanoCPUs");
  for (const other of ["CpuPeriod", "CpuQuota"])
    if (nano !== undefined && host.amount(other) !== undefined)
      throw new MalformedBody(
        `Conflicting options: Nano CPUs and ${other === "CpuPeriod" ? "CPU Period" : "CPU Quota"} cannot both be set`,
      );
  const pids = host.amount("PidsLimit");
  const memoryBytes = host.amount("Memory");
  if (memoryBytes !== undefined && memoryBytes < MEMORY_MIN) throw new MalformedBody("Minimum memory limit allowed is 6MB");
  return withoutUndefined({
    memoryBytes,
    memoryReservationBytes: host.amount("MemoryReservation"),
    memorySwapBytes: host.amount("MemorySwap"),
    cpus: nano === undefined ? undefined : nano / NANO_CPUS,
    cpuShares: host.amount("CpuShares"),
    cpuQuotaUs: host.amount("CpuQuota"),
    cpuPeriodUs: host.amount("CpuPeriod"),
    cpusetCpus: host.word("CpusetCpus"),
    cpusetMems: host.word("CpusetMems"),
    pids: pids !== undefined && pids < 0 ? -1 : pids,
    blkioWeight: host.amount("BlkioWeight"),
    ...deviceRatesOf((name) =>
      host.objects(name)?.map((device) => ({ path: device.text("Path") ?? "", rate: device.number("Rate") ?? 0 })),
    ),
  });
}

/** @throws MalformedBody */
export function restartPolicyOf(policy: Fields): RestartPolicy | undefined {
  const name = policy.word("Name");
  if (name === undefined) return undefined;
  const count = policy.amount("MaximumRetryCount");
  if (name !== "on-failure" && count !== undefined)
    throw new MalformedBody(`invalid restart policy: maximum retry count can only be used with 'on-failure'`);
  if (!["no", "always", "unless-stopped", "on-failure"].includes(name))
    throw new MalformedBody(
      `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  return { name: name as RestartPolicy["name"], ...(count === undefined ? {} : { maximumRetryCount: count }) };
}

function healthcheck(check: Fields): Healthcheck | "none" | undefined {
  const test = nonEmpty(check.texts("Test"));
  if (test === undefined) return undefined; // the image's
  if (test[0] === "NONE") return "none";
  const milliseconds = (name: string): number | undefined => {
    const nanoseconds = check.amount(name);
    return nanoseconds === undefined ? undefined : nanoseconds / 1e6;
  };
  return withoutUndefined({
    test,
    intervalMs: milliseconds("Interval"),
    timeoutMs: milliseconds("Timeout"),
    startPeriodMs: milliseconds("StartPeriod"),
    startIntervalMs: milliseconds("StartInterval"),
    retries: check.amount("Retries"),
  });
}

/** A negative one waits without end: as long as a timer can. */
function stopTimeout(seconds: number | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  return seconds < 0 ? 2 ** 31 - 1 : seconds * 1000;
}

const UNITS: Readonly<Record<string, number>> = { "": 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

function logMaxBytes(log: Fields): number | undefined {
  const type = log.word("Type") ?? "json-file";
  if (!["json-file", "local", "none"].includes(type)) throw new MalformedBody(`logger: no log driver named '${type}' is registered`);
  const [, amount, unit = ""] = /^(\d+)([bkmg]?)$/i.exec(log.record("Config")?.["max-size"] ?? "") ?? [];
  return amount === undefined ? undefined : Number(amount) * UNITS[unit.toLowerCase()]!;
}

/** What can't be had at all. */
function checkUnserved(host: Fields): void {
  const runtime = host.word("Runtime");
  if (runtime !== undefined && !["runc", "io.containerd.runc.v2"].includes(runtime))
    throw new MalformedBody(`unknown or invalid runtime name: ${runtime}`);
  const [request] = host.objects("DeviceRequests") ?? [];
  if (request) throw new MalformedBody(`could not select device driver ${JSON.stringify(request.text("Driver") ?? "")} with capabilities`);
  if (host.flag("AutoRemove") && !["", "no"].includes(host.object("RestartPolicy").text("Name") ?? ""))
    throw new MalformedBody("can't create 'AutoRemove' container with restart policy");
}

/** Of HostConfig; weights are of all disks alike. */
const WITHOUT_EFFECT = [
  ...["BlkioWeightDevice", "CgroupParent", "CpuRealtimePeriod", "CpuRealtimeRuntime", "KernelMemory", "KernelMemoryTCP"],
  ...["OomKillDisable", "StorageOpt"],
] as const;

/** Clients send what is not set as 0, false, nothing or an empty list. */
function isSet(value: unknown): boolean {
  return typeof value === "object" && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}

function warningsOf(body: Fields, host: Fields): string[] {
  const links =
    (host.texts("Links") ?? []).length > 0 ||
    body
      .object("NetworkingConfig")
      .entries("EndpointsConfig")
      .some(([, each]) => (each.texts("Links") ?? []).length > 0);
  return [
    ...(links ? ["Links have no effect. Containers on one network find each other by name and alias."] : []),
    ...WITHOUT_EFFECT.filter((name) => isSet(host.any(name))).map((name) => `${name} has no effect.`),
    ...(host.has("MemorySwappiness") && (host.number("MemorySwappiness") ?? -1) >= 0 ? ["MemorySwappiness has no effect."] : []),
  ];
}
