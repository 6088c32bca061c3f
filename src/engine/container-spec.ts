/** The contract's description of a container to run: part of engine.ts, which everybody imports. */
import type { MountSpec } from "./mount-spec.js";
import type { EndpointSpec } from "./network-service.js";

/**
 * What to run. Everything but `image` is optional; what is left out comes from the image, then from Docker's defaults.
 * Unknown properties are refused with the nearest known name.
 */
export interface ContainerSpec {
  readonly image: string;
  /** @default generated */
  readonly name?: string | undefined;
  readonly platform?: string | undefined;
  readonly entrypoint?: readonly string[] | undefined;
  readonly command?: readonly string[] | undefined;
  /** On top of the image's environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** For whoever made it to find again in `inspect`: no filter sees them, no process. Only where `supports.annotations`. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly workingDir?: string | undefined;
  /** `user[:group]`, names or numbers, looked up in the container's own /etc/passwd and /etc/group. */
  readonly user?: string | undefined;
  /** Supplementary groups, names or numbers. */
  readonly groupAdd?: readonly string[] | undefined;
  readonly hostname?: string | undefined;
  readonly domainname?: string | undefined;
  readonly tty?: boolean | undefined;
  /** Keep stdin open for `attach`. @default false: stdin is /dev/null */
  readonly openStdin?: boolean | undefined;
  /** Close stdin when the first attached client leaves. @default false */
  readonly stdinOnce?: boolean | undefined;
  /** `"5432/tcp"`; added to the image's. */
  readonly exposedPorts?: readonly string[] | undefined;
  readonly publish?: readonly PortBinding[] | undefined;
  /** Publish every exposed port on a free host port. */
  readonly publishAll?: boolean | undefined;
  /** `container:ID` shares another container's network, its host name and files in /etc included. @default "default" */
  readonly networkMode?: "default" | "none" | "host" | `container:${string}` | undefined;
  /** Networks to be on instead of the default one, by name or id; the first that leads out has published ports and default route. */
  readonly networks?: Readonly<Record<string, EndpointSpec>> | undefined;
  /**
   * Ports that listen on this host's loopback, to be reached from the container as `host.caisson.internal`, `host.docker.internal` or
   * `host.testcontainers.internal`, TCP and UDP. Every other port behind these names is refused.
   */
  readonly exposedHostPorts?: readonly number[] | undefined;
  /** On top of the names of the host. The address `host-gateway` is that of the host. */
  readonly extraHosts?: readonly { readonly host: string; readonly address: string }[] | undefined;
  /** Name servers for what no network knows. @default the host's */
  readonly dns?: readonly string[] | undefined;
  /** @default the host's */
  readonly dnsSearch?: readonly string[] | undefined;
  /** As in resolv.conf(5). @default the host's */
  readonly dnsOptions?: readonly string[] | undefined;
  /** Where the image declares a volume and nothing is mounted, there is an anonymous one. */
  readonly mounts?: readonly MountSpec[] | undefined;
  /** Binds, volumes and image mounts of other containers, at the same places: `"container"`, `"container:ro"`. */
  readonly volumesFrom?: readonly string[] | undefined;
  /** Of /dev/shm. @default 64 MiB */
  readonly shmSizeBytes?: number | undefined;
  readonly readonlyRootfs?: boolean | undefined;
  readonly privileged?: boolean | undefined;
  /** `"NET_ADMIN"`, `"CAP_NET_ADMIN"` or `"ALL"`. */
  readonly capAdd?: readonly string[] | undefined;
  readonly capDrop?: readonly string[] | undefined;
  readonly noNewPrivileges?: boolean | undefined;
  /** `"default"` or `"unconfined"`. @default "default" */
  readonly seccomp?: "default" | "unconfined" | undefined;
  readonly ulimits?: readonly { readonly name: string; readonly soft: number; readonly hard: number }[] | undefined;
  readonly sysctls?: Readonly<Record<string, string>> | undefined;
  readonly devices?: readonly DeviceSpec[] | undefined;
  /**
   * `"shareable"` is a private one that others may join by `"container:<name or id>"`; `"none"` is private and without /dev/shm.
   * @default "private"
   */
  readonly ipcMode?: "private" | "shareable" | "host" | "none" | `container:${string}` | undefined;
  /** @default "private" */
  readonly pidMode?: "private" | "host" | `container:${string}` | undefined;
  /** Host name and domain name. @default "private" */
  readonly utsMode?: "private" | "host" | undefined;
  /** Run an init as PID 1 that forwards signals and reaps. @default false */
  readonly init?: boolean | undefined;
  readonly resources?: ResourceLimits | undefined;
  readonly oomScoreAdj?: number | undefined;
  readonly healthcheck?: Healthcheck | "none" | undefined;
  readonly stopSignal?: string | undefined;
  /** @default 10,000 */
  readonly stopTimeoutMs?: number | undefined;
  /** Bytes of log kept; older records are dropped. @default 64 MiB */
  readonly logMaxBytes?: number | undefined;
  /** What happens when the container exits by itself. @default "no" */
  readonly restartPolicy?: RestartPolicy | undefined;
  /** Remove the container when it exits. @default false */
  readonly autoRemove?: boolean | undefined;
}

export interface PortBinding {
  readonly containerPort: number;
  /** @default "tcp" */
  readonly protocol?: "tcp" | "udp" | undefined;
  /** @default a free one */
  readonly hostPort?: number | undefined;
  /** The first of the ports from `hostPort` up to this one that is free at the start is taken. @default `hostPort` alone */
  readonly hostPortEnd?: number | undefined;
  /** @default both 127.0.0.1 and ::1, under the same port */
  readonly hostIp?: string | undefined;
}

/** A device, or a directory with devices. */
export interface DeviceSpec {
  readonly hostPath: string;
  readonly containerPath?: string | undefined;
  /** Of `r`, `w`, `m`. @default "rwm" */
  readonly permissions?: string | undefined;
}

export interface ResourceLimits {
  readonly memoryBytes?: number | undefined;
  /** What is left to the container when memory is short. */
  readonly memoryReservationBytes?: number | undefined;
  /** Memory and swap together; -1 for unlimited. @default twice the memory */
  readonly memorySwapBytes?: number | undefined;
  /** CPUs, may be fractional. */
  readonly cpus?: number | undefined;
  /** Relative weight. @default 1024 */
  readonly cpuShares?: number | undefined;
  /** Microseconds of CPU time a period; -1 for unlimited. Instead of `cpus`. */
  readonly cpuQuotaUs?: number | undefined;
  /** 1,000 to 1,000,000. @default 100,000 */
  readonly cpuPeriodUs?: number | undefined;
  /** Processors that may be used: `"0-2,4"`. */
  readonly cpusetCpus?: string | undefined;
  /** Memory nodes that may be used. */
  readonly cpusetMems?: string | undefined;
  /** Processes and threads; -1 for unlimited. */
  readonly pids?: number | undefined;
  /** Relative weight of block I/O, 10 to 1,000. */
  readonly blkioWeight?: number | undefined;
  /** Bytes a second read from a disk, at most. `update` changes none of these. */
  readonly blkioDeviceReadBps?: readonly DeviceRate[] | undefined;
  /** Bytes a second. */
  readonly blkioDeviceWriteBps?: readonly DeviceRate[] | undefined;
  /** Operations a second. */
  readonly blkioDeviceReadIops?: readonly DeviceRate[] | undefined;
  /** Operations a second. */
  readonly blkioDeviceWriteIops?: readonly DeviceRate[] | undefined;
}

export interface DeviceRate {
  /** Of a whole disk of the host: `/dev/sda`. */
  readonly path: string;
  /** A whole number from 1. */
  readonly rate: number;
}

/**
 * Docker's policies. A restart comes after 100 ms, after twice as long each time up to a minute, and after 100 ms again once the
 * container has run for 10 s. `stop` and `kill` end it. `"always"` and `"unless-stopped"` differ for containers that outlive their engine only.
 */
export interface RestartPolicy {
  readonly name: "no" | "on-failure" | "always" | "unless-stopped";
  /** For `"on-failure"`. @default 0: without end */
  readonly maximumRetryCount?: number | undefined;
}

/** As in the image specification; `test` is `["CMD", ...]`, `["CMD-SHELL", line]` or `["NONE"]`. */
export interface Healthcheck {
  readonly test: readonly string[];
  /** @default 30,000 */
  readonly intervalMs?: number | undefined;
  /** @default 30,000 */
  readonly timeoutMs?: number | undefined;
  /** @default 0 */
  readonly startPeriodMs?: number | undefined;
  /** @default 5,000 */
  readonly startIntervalMs?: number | undefined;
  /** @default 3 */
  readonly retries?: number | undefined;
}
