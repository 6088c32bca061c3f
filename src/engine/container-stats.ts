/** What a container uses, runs and has written: part of engine.ts, which everybody imports. */

export interface StatsOptions {
  /** One sample, and no more. @default false: one each interval until the container exits or the signal fires */
  readonly oneShot?: boolean | undefined;
  /** @default 1,000 */
  readonly intervalMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ContainerStats {
  readonly time: Date;
  /**
   * Who counts: the kernel's controllers, or, where the container is in no cgroup of theirs (cgroup v1 without limits), its processes
   * as /proc shows them: then memory is what they hold (PSS), and block I/O that of those which still run.
   */
  readonly accounting: "cgroup" | "processes";
  readonly memory: MemoryStats;
  readonly cpu: CpuStats;
  /** Of the sample before; undefined in the first. */
  readonly previousCpu: CpuStats | undefined;
  /** Since the sample before: 100 is one processor; undefined in the first. */
  readonly cpuPercent: number | undefined;
  readonly blockIo: BlockIoStats;
  readonly pids: { readonly current: number /** Undefined for none. */; readonly limit: number | undefined };
  /** By interface. None when the container shares another's network. */
  readonly networks: Readonly<Record<string, NetworkStats>>;
}

export interface MemoryStats {
  /** Without the part of the page cache that can be dropped, as `docker stats` counts. */
  readonly usageBytes: number;
  /** That part: inactive file pages. */
  readonly cacheBytes: number;
  /** The host's memory where no limit is set. */
  readonly limitBytes: number;
  /** Lines of the cgroup's memory.stat; empty when processes were counted. */
  readonly details: Readonly<Record<string, number>>;
}

/** Since the container's start. */
export interface CpuStats {
  readonly totalMs: number;
  readonly userMs: number;
  readonly kernelMs: number;
  /** Of all processors of the host together, idle time included. */
  readonly hostMs: number;
  readonly onlineCpus: number;
  /** Of the limit on CPU time: periods that passed, and those in which it was reached; zeros without a limit. */
  readonly throttling: { readonly periods: number; readonly throttledPeriods: number; readonly throttledMs: number };
}

export interface BlockIoStats {
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly devices: readonly BlockDeviceStats[];
}

export interface BlockDeviceStats {
  readonly major: number;
  readonly minor: number;
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly readOperations: number;
  readonly writeOperations: number;
}

export interface NetworkStats {
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txErrors: number;
  readonly txDropped: number;
}

export interface ContainerProcess {
  /** As the host sees it. */
  readonly pid: number;
  /** As the container sees it. */
  readonly containerPid: number;
  /** As the host sees it. */
  readonly parentPid: number;
  /** By the container's own /etc/passwd, else the number. */
  readonly user: string;
  readonly uid: number;
  /** `R`, `S`, `D`, `T`, `Z`, ... as ps(1) has them. */
  readonly state: string;
  readonly threads: number;
  readonly cpuMs: number;
  readonly memoryBytes: number;
  readonly startedAt: Date;
  /** `pts/0`; undefined without a terminal. */
  readonly tty: string | undefined;
  /** Empty for a process that has ended and waits to be reaped. */
  readonly argv: readonly string[];
  /** argv[0] without its directories, as the kernel keeps it: 15 bytes. */
  readonly name: string;
}

/** What differs from the image, as `docker diff` tells it (A, C, D). Of a directory that was deleted, what was in it is not listed. */
export interface FileChange {
  readonly path: string;
  readonly kind: "added" | "changed" | "deleted";
}
