/** A container's spec as the body of `POST /containers/create`. Pure. */
import type { ContainerSpec, EndpointSpec, Healthcheck, PortBinding, ResourceLimits, RestartPolicy } from "../engine.js";
import { deviceRatesBody } from "./device-rates.js";
import { bindText, isBindText, mountBody, tmpfsBody } from "./mount-json.js";

const NANO_CPUS = 1e9;

/** @param joined the networks to join right away: daemons before API 1.44 take one and no more */
export function createBody(spec: ContainerSpec, joined: readonly (readonly [string, EndpointSpec])[]): Readonly<Record<string, unknown>> {
  const [first] = joined;
  const endpoints = Object.fromEntries(joined.map(([network, endpoint]) => [network, endpointBody(endpoint)]));
  return {
    Image: spec.image,
    Cmd: spec.command,
    Entrypoint: spec.entrypoint,
    Env: pairs(spec.env),
    Labels: spec.labels,
    WorkingDir: spec.workingDir,
    User: spec.user,
    Hostname: spec.hostname,
    Domainname: spec.domainname,
    Tty: spec.tty,
    OpenStdin: spec.openStdin,
    StdinOnce: spec.stdinOnce,
    StopSignal: spec.stopSignal,
    StopTimeout: spec.stopTimeoutMs === undefined ? undefined : Math.ceil(spec.stopTimeoutMs / 1000),
    Healthcheck: spec.healthcheck === undefined ? undefined : healthcheckBody(spec.healthcheck),
    ExposedPorts: portSet(spec),
    HostConfig: hostConfigBody(spec, first?.[0]),
    // Daemons before API 1.44 look for it here alone.
    MacAddress: first?.[1].macAddress,
    NetworkingConfig: first && { EndpointsConfig: endpoints },
  };
}

/** @param network that it joins first, by name or id */
export function hostConfigBody(spec: ContainerSpec, network: string | undefined): Readonly<Record<string, unknown>> {
  const tmpfs = (spec.mounts ?? []).filter((mount) => mount.type === "tmpfs");
  return {
    NetworkMode: network ?? networkMode(spec.networkMode),
    PortBindings: portBindings(spec.publish ?? []),
    PublishAllPorts: spec.publishAll,
    ExtraHosts: spec.extraHosts?.map(({ host, address }) => `${host}:${address}`),
    Dns: spec.dns,
    DnsSearch: spec.dnsSearch,
    DnsOptions: spec.dnsOptions,
    Binds: spec.mounts?.filter(isBindText).map(bindText),
    Mounts: spec.mounts?.filter((mount) => mount.type !== "tmpfs" && !isBindText(mount)).map(mountBody),
    Tmpfs: tmpfs.length > 0 ? Object.fromEntries(tmpfs.map(tmpfsBody)) : undefined,
    VolumesFrom: spec.volumesFrom,
    ShmSize: spec.shmSizeBytes,
    ReadonlyRootfs: spec.readonlyRootfs,
    Privileged: spec.privileged,
    // Daemons on cgroups v1 share the host's otherwise, and refuse one of its own to a privileged container.
    CgroupnsMode: spec.privileged ? undefined : "private",
    CapAdd: spec.capAdd,
    CapDrop: spec.capDrop,
    GroupAdd: spec.groupAdd,
    SecurityOpt: securityOptions(spec),
    Ulimits: spec.ulimits?.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    Sysctls: spec.sysctls,
    Devices: spec.devices?.map(({ hostPath, containerPath = hostPath, permissions = "rwm" }) => ({
      PathOnHost: hostPath,
      PathInContainer: containerPath,
      CgroupPermissions: permissions,
    })),
    IpcMode: spec.ipcMode,
    PidMode: spec.pidMode === "private" ? "" : spec.pidMode,
    UTSMode: spec.utsMode === "private" ? "" : spec.utsMode,
    Init: spec.init,
    OomScoreAdj: spec.oomScoreAdj,
    AutoRemove: spec.autoRemove,
    Annotations: spec.annotations,
    RestartPolicy: spec.restartPolicy && restartPolicyBody(spec.restartPolicy),
    LogConfig: spec.logMaxBytes === undefined ? undefined : { Type: "json-file", Config: { "max-size": String(spec.logMaxBytes) } },
    ...resourcesBody(spec.resources ?? {}),
  };
}

/** Also the body of `POST /containers/{id}/update`. */
export function resourcesBody(resources: ResourceLimits): Readonly<Record<string, unknown>> {
  return {
    Memory: resources.memoryBytes,
    MemoryReservation: resources.memoryReservationBytes,
    MemorySwap: resources.memorySwapBytes,
    NanoCpus: resources.cpus === undefined ? undefined : Math.round(resources.cpus * NANO_CPUS),
    CpuShares: resources.cpuShares,
    CpuQuota: resources.cpuQuotaUs,
    CpuPeriod: resources.cpuPeriodUs,
    CpusetCpus: resources.cpusetCpus,
    CpusetMems: resources.cpusetMems,
    PidsLimit: resources.pids,
    BlkioWeight: resources.blkioWeight,
    ...deviceRatesBody(resources),
  };
}

export function restartPolicyBody({ name, maximumRetryCount = 0 }: RestartPolicy): Readonly<Record<string, unknown>> {
  return { Name: name, MaximumRetryCount: maximumRetryCount };
}

function networkMode(mode: ContainerSpec["networkMode"]): string | undefined {
  return mode === "default" ? undefined : mode;
}

export function endpointBody({ aliases, ipv4Address, ipv6Address, macAddress }: EndpointSpec): Readonly<Record<string, unknown>> {
  const fixed = ipv4Address !== undefined || ipv6Address !== undefined;
  return {
    Aliases: aliases,
    MacAddress: macAddress,
    IPAMConfig: fixed ? { IPv4Address: ipv4Address, IPv6Address: ipv6Address } : undefined,
  };
}

function securityOptions({ noNewPrivileges, seccomp }: ContainerSpec): readonly string[] | undefined {
  const options = [...(noNewPrivileges ? ["no-new-privileges"] : []), ...(seccomp === "unconfined" ? ["seccomp=unconfined"] : [])];
  return options.length > 0 ? options : undefined;
}

function pairs(values: Readonly<Record<string, string>> | undefined): readonly string[] | undefined {
  return values && Object.entries(values).map(([name, value]) => `${name}=${value}`);
}

const portName = ({ containerPort, protocol = "tcp" }: PortBinding): string => `${containerPort}/${protocol}`;

function portSet({ exposedPorts = [], publish = [] }: ContainerSpec): Readonly<Record<string, object>> {
  const exposed = exposedPorts.map((port) => (port.includes("/") ? port : `${port}/tcp`));
  return Object.fromEntries([...exposed, ...publish.map(portName)].map((port) => [port, {}]));
}

function portBindings(publish: readonly PortBinding[]): Readonly<Record<string, readonly object[]>> {
  const bindings: Record<string, object[]> = {};
  for (const binding of publish) {
    const { hostIp = "", hostPort = "", hostPortEnd } = binding;
    const entry = { HostIp: hostIp, HostPort: hostPortEnd === undefined ? String(hostPort) : `${hostPort}-${hostPortEnd}` };
    bindings[portName(binding)] = [...(bindings[portName(binding)] ?? []), entry];
  }
  return bindings;
}

const nanoseconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : Math.round(ms * 1e6));

function healthcheckBody(healthcheck: Healthcheck | "none"): Readonly<Record<string, unknown>> {
  if (healthcheck === "none") return { Test: ["NONE"] };
  return {
    Test: healthcheck.test,
    Interval: nanoseconds(healthcheck.intervalMs),
    Timeout: nanoseconds(healthcheck.timeoutMs),
    StartPeriod: nanoseconds(healthcheck.startPeriodMs),
    StartInterval: nanoseconds(healthcheck.startIntervalMs),
    Retries: healthcheck.retries,
  };
}
