/** A container as `GET /containers/{id}/json` shows it. Pure. */
import type { ContainerInspect, ContainerStatus, ContainerSummary, ImageConfig, MountPoint } from "../engine.js";
import { hostConfigJson, nanoseconds } from "./host-config-json.js";
import { endpointJson, PREDEFINED } from "./network-details.js";
import { timeText } from "./times.js";

export interface DetailsOptions {
  /** What the client said when it made the container; undefined for one that was made otherwise. */
  readonly created: Readonly<Record<string, unknown>> | undefined;
  /** Of its image; undefined where that is gone. */
  readonly image: ImageConfig | undefined;
  readonly execIds: readonly string[];
}

export function containerJson(container: ContainerInspect, options: DetailsOptions): Readonly<Record<string, unknown>> {
  const [path = "", ...args] = container.command;
  const created = new Map(Object.entries(options.created ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  const hostConfig = hostConfigJson(container, created.get("hostconfig") ?? container.hostConfig);
  return {
    Id: container.id,
    Created: timeText(container.created),
    Path: path,
    Args: args,
    State: stateJson(container),
    Image: container.imageId,
    ResolvConfPath: "",
    HostnamePath: "",
    HostsPath: "",
    LogPath: "",
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    Driver: "overlay2",
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: "",
    ExecIDs: options.execIds.length > 0 ? options.execIds : null,
    HostConfig: hostConfig,
    GraphDriver: { Data: null, Name: "overlay2" },
    ...(container.size ? { SizeRw: container.size.writableBytes, SizeRootFs: container.size.rootBytes } : {}),
    Mounts: container.mounts.flatMap((mount) => mountJson(mount, hostConfig["Tmpfs"])),
    Config: configJson(container, created, options.image),
    NetworkSettings: networkSettingsJson(container, String(hostConfig["NetworkMode"])),
  };
}

function stateJson({ state, status }: ContainerInspect): Readonly<Record<string, unknown>> {
  const { health } = state;
  return {
    Status: status,
    Running: state.running,
    Paused: status === "paused",
    Restarting: status === "restarting",
    OOMKilled: state.exit?.oomKilled ?? false,
    Dead: false,
    Pid: state.pid,
    ExitCode: status === "running" || status === "paused" ? 0 : (state.exit?.exitCode ?? 0),
    Error: "",
    StartedAt: timeText(state.startedAt),
    FinishedAt: timeText(state.finishedAt),
    ...(health
      ? {
          Health: {
            Status: health.status,
            FailingStreak: health.failingStreak,
            Log: health.log.map(({ start, end, exitCode, output }) => ({
              Start: timeText(start),
              End: timeText(end),
              ExitCode: exitCode,
              Output: output,
            })),
          },
        }
      : {}),
  };
}

function configJson(
  { config, image, labels }: ContainerInspect,
  created: ReadonlyMap<string, unknown>,
  imageConfig: ImageConfig | undefined,
): Readonly<Record<string, unknown>> {
  const said = <T>(name: string, fallback: T): T => (created.get(name.toLowerCase()) as T | null | undefined) ?? fallback;
  const { healthcheck } = config;
  const stopSignal = said("StopSignal", imageConfig?.stopSignal);
  return {
    Hostname: config.hostname,
    Domainname: said("Domainname", config.domainname),
    User: config.user,
    AttachStdin: said("AttachStdin", false),
    AttachStdout: said("AttachStdout", false),
    AttachStderr: said("AttachStderr", false),
    ...(config.exposedPorts.length > 0
      ? { ExposedPorts: objectOf(config.exposedPorts.map((port) => (port.includes("/") ? port : `${port}/tcp`))) }
      : {}),
    Tty: config.tty,
    OpenStdin: config.openStdin,
    StdinOnce: said("StdinOnce", config.stdinOnce),
    Env: environment(config.env, said<readonly string[] | undefined>("Env", undefined), imageConfig),
    Cmd: config.command.length > 0 ? config.command : null,
    ...(healthcheck
      ? {
          Healthcheck: {
            Test: healthcheck.test,
            ...optional("Interval", nanoseconds(healthcheck.intervalMs)),
            ...optional("Timeout", nanoseconds(healthcheck.timeoutMs)),
            ...optional("StartPeriod", nanoseconds(healthcheck.startPeriodMs)),
            ...optional("StartInterval", nanoseconds(healthcheck.startIntervalMs)),
            ...optional("Retries", healthcheck.retries),
          },
        }
      : {}),
    Image: image,
    Volumes: volumesJson(said<object | undefined>("Volumes", undefined), imageConfig),
    WorkingDir: said("WorkingDir", "") || imageConfig?.workingDir || (imageConfig ? "" : config.workingDir),
    Entrypoint: config.entrypoint.length > 0 ? config.entrypoint : null,
    OnBuild: imageConfig && imageConfig.onBuild.length > 0 ? imageConfig.onBuild : null,
    Labels: labels,
    ...(stopSignal ? { StopSignal: stopSignal } : {}),
    ...optional("StopTimeout", said<number | undefined>("StopTimeout", undefined)),
  };
}

function optional(name: string, value: number | undefined): Readonly<Record<string, number>> {
  return value === undefined ? {} : { [name]: value };
}

export function objectOf(names: readonly string[]): Readonly<Record<string, object>> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

function volumesJson(said: object | undefined, image: ImageConfig | undefined): Readonly<Record<string, object>> | null {
  const volumes = [...Object.keys(said ?? {}), ...(image?.volumes ?? [])];
  return volumes.length > 0 ? objectOf(volumes) : null;
}

/** What the client set, then what the image has on top; without the variables that every container gets at its start. */
function environment(env: readonly string[], said: readonly string[] | undefined, image: ImageConfig | undefined): readonly string[] {
  if (!image) return env;
  const own = said ?? [];
  const names = new Set(own.map(nameOf));
  return [...own, ...image.env.filter((line) => !names.has(nameOf(line)))];
}

const nameOf = (line: string): string => line.split("=", 1)[0] ?? "";

/** @param tmpfs those of the older option, which are no mounts in docker's eyes */
export function mountJson(mount: MountPoint, tmpfs: unknown): Readonly<Record<string, unknown>>[] {
  const { type, source, target, readonly } = mount;
  if (type === "tmpfs" && Object.hasOwn((tmpfs ?? {}) as object, target)) return [];
  const common = { Destination: target, Mode: type === "volume" ? "z" : "", RW: !readonly };
  switch (type) {
    case "volume":
      return [{ Type: type, Name: mount.name ?? "", Source: source, Driver: "local", ...common, Propagation: "" }];
    case "bind":
      return [{ Type: type, Source: source, ...common, Propagation: mount.propagation ?? "rprivate" }];
    default:
      return [{ Type: type, Source: source, ...common, RW: type === "image" ? false : !readonly, Propagation: "" }];
  }
}

/** Every port that has a meaning, with where it is published. */
function portsJson({ ports, config, state }: ContainerInspect): Readonly<Record<string, readonly object[] | null>> {
  if (!state.running) return {};
  const json: Record<string, object[] | null> = {};
  for (const port of config.exposedPorts) json[port.includes("/") ? port : `${port}/tcp`] = null;
  for (const { containerPort, protocol, hostIp, hostPort } of ports) {
    const name = `${containerPort}/${protocol}`;
    json[name] = [...(json[name] ?? []), { HostIp: hostIp, HostPort: String(hostPort) }];
  }
  return json;
}

function networkSettingsJson(container: ContainerInspect, mode: string): Readonly<Record<string, unknown>> {
  const networks = networksJson(container, mode);
  // The older fields are those of the default network.
  const bridge = (networks["bridge"] ?? {}) as Readonly<Record<string, unknown>>;
  return {
    Bridge: "",
    SandboxID: "",
    SandboxKey: "",
    Ports: portsJson(container),
    HairpinMode: false,
    LinkLocalIPv6Address: "",
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: bridge["EndpointID"] ?? "",
    Gateway: bridge["Gateway"] ?? "",
    GlobalIPv6Address: "",
    GlobalIPv6PrefixLen: 0,
    IPAddress: bridge["IPAddress"] ?? "",
    IPPrefixLen: bridge["IPPrefixLen"] ?? 0,
    IPv6Gateway: "",
    MacAddress: bridge["MacAddress"] ?? "",
    Networks: networks,
  };
}

/** As Docker has it: also when it is paused or will be restarted. */
export function isUp(status: ContainerStatus): boolean {
  return status !== "created" && status !== "exited";
}

/** By name of the network, the predefined ones included. */
export function networksJson(container: ContainerSummary, mode: string): Readonly<Record<string, unknown>> {
  const joined = Object.entries(container.networks);
  const running = isUp(container.status);
  if (joined.length > 0)
    return Object.fromEntries(joined.map(([name, endpoint]) => [name, endpointJson(endpoint, { containerId: container.id, running })]));
  if (mode.startsWith("container:")) return {};
  const predefined = mode === "host" || mode === "none" ? mode : "bridge";
  const address = predefined === "bridge" && running ? container.ipAddress : undefined;
  return {
    [predefined]: endpointJson(
      {
        networkId: PREDEFINED[predefined].id,
        networkName: predefined,
        aliases: [],
        dnsNames: [],
        ipAddress: address ?? "",
        prefixLength: address === undefined ? 0 : 16,
        gateway: address?.replace(/\.\d+$/, ".1"),
        ipv6Address: undefined,
        ipv6PrefixLength: undefined,
        ipv6Gateway: undefined,
        macAddress: address === undefined ? "" : macAddressOf(address),
      },
      { containerId: container.id, running },
    ),
  };
}

/** As docker made it of the address. */
function macAddressOf(ipv4: string): string {
  return ["02", "42", ...ipv4.split(".").map((part) => Number(part).toString(16).padStart(2, "0"))].join(":");
}
