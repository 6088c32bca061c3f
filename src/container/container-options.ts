/** Shapes of what the methods of `Container` and `StartedContainer` take. */
import type { Readable } from "node:stream";

export interface BindMount {
  readonly source: string;
  readonly target: string;
  /** @default "rw" */
  readonly mode?: "rw" | "ro" | "z" | "Z" | undefined;
  /** Make a directory of a missing source. @default false: it is an error */
  readonly createSource?: boolean | undefined;
}

export interface VolumeMount {
  /** A volume, or the name of one; made where there is none of the name. @default none: an anonymous one, which goes with the container */
  readonly source?: string | { readonly name: string } | undefined;
  readonly target: string;
  /** @default "rw" */
  readonly mode?: "rw" | "ro" | undefined;
  /** Leave an empty volume empty, whatever the image has there. @default false */
  readonly noCopy?: boolean | undefined;
  /** A file or directory in the volume, instead of all of it. */
  readonly subpath?: string | undefined;
}

export interface PortWithBinding {
  readonly container: number;
  /** Of the host. @default a free one */
  readonly host?: number | undefined;
  /** @default "tcp" */
  readonly protocol?: "tcp" | "udp" | undefined;
}

/** `5432`, `"53/udp"`, or with a port of the host. */
export type ExposedPort = number | string | PortWithBinding;

/** Times in milliseconds. */
export interface HealthCheck {
  /** `["CMD", ...]` or `["CMD-SHELL", line]`. */
  readonly test: readonly string[];
  readonly interval?: number | undefined;
  readonly timeout?: number | undefined;
  readonly retries?: number | undefined;
  readonly startPeriod?: number | undefined;
}

export interface ResourcesQuota {
  /** Gigabytes (2^30 bytes). */
  readonly memory?: number | undefined;
  /** Processors, may be fractional. */
  readonly cpu?: number | undefined;
}

export interface ExtraHost {
  readonly host: string;
  readonly ipAddress: string;
}

interface CopyTarget {
  /** Absolute path in the container. */
  readonly target: string;
  /** Permission bits. @default those of the source, 0o644 for content */
  readonly mode?: number | undefined;
  /** @default 0 */
  readonly uid?: number | undefined;
  /** @default 0 */
  readonly gid?: number | undefined;
}

export interface FileToCopy extends CopyTarget {
  readonly source: string;
}

/** The directory's content goes below the target; `mode` is of its files. */
export interface DirectoryToCopy extends CopyTarget {
  readonly source: string;
}

export interface ContentToCopy extends CopyTarget {
  readonly content: string | Uint8Array | Readable;
}

export interface ArchiveToCopy {
  readonly tar: Readable;
  /** Existing directory. @default "/" */
  readonly target?: string | undefined;
}

export interface CopyToContainerOptions {
  /** Refuse to replace a directory by something else and the reverse. */
  readonly noOverwriteDirNonDir?: boolean | undefined;
  /** Keep the archive's owners. @default true */
  readonly copyUIDGID?: boolean | undefined;
}

/** Whether to ask the registry although the image is here already. */
export interface ImagePullPolicy {
  shouldPull(): boolean;
}

export const PullPolicy = {
  /** Only when the image is not here. */
  defaultPolicy: (): ImagePullPolicy => ({ shouldPull: () => false }),
  /** Every time: fetches what has changed. */
  alwaysPull: (): ImagePullPolicy => ({ shouldPull: () => true }),
};

export interface StopContainerOptions {
  /** Milliseconds between stop signal and SIGKILL; 0 kills at once. @default 0 */
  readonly timeout?: number | undefined;
  /** @default the container's `withAutoRemove`, which is true unless set */
  readonly remove?: boolean | undefined;
}

export interface RestartContainerOptions {
  /** Milliseconds between stop signal and SIGKILL. @default 0 */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ContainerCommitOptions {
  readonly repo: string;
  readonly tag: string;
  readonly comment?: string | undefined;
  readonly author?: string | undefined;
  /** Dockerfile instructions: `CMD`, `ENTRYPOINT`, `ENV`, `EXPOSE`, `LABEL`, `USER`, `VOLUME`, `WORKDIR`, `STOPSIGNAL`. */
  readonly changes?: readonly string[] | undefined;
}

export interface ExecOptions {
  readonly workingDir?: string | undefined;
  readonly user?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Written to the command's standard input, which is closed after it. */
  readonly stdin?: string | Uint8Array | Readable | undefined;
  /** Kills the command when it fires. */
  readonly signal?: AbortSignal | undefined;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, standard output first. */
  readonly output: string;
}

/** How long each phase of a start took, in milliseconds. */
export interface StartupTimings {
  /** Looking for the image, and fetching it where it wasn't here. */
  readonly image: number;
  /** Making the container, with the files copied into it. */
  readonly create: number;
  /** From the plan to the executed command, ports published. */
  readonly start: number;
  /** Until the wait strategy was satisfied. */
  readonly ready: number;
}
