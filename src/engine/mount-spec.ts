/** The contract's mounts: part of engine.ts, which everybody imports. Terms are those of `docker run --mount`. */

export type MountSpec = BindMountSpec | VolumeMountSpec | TmpfsMountSpec | ImageMountSpec;

interface MountTarget {
  /**
   * Absolute path in the container, neither `/` nor in /proc, made where it is missing. Links of the image are followed inside of its
   * root. One mount a path; parents are mounted before what is below them.
   */
  readonly target: string;
}

/** A file or directory of the host. */
export interface BindMountSpec extends MountTarget {
  readonly type: "bind";
  /** Absolute path of the host. */
  readonly source: string;
  /** @default false */
  readonly readonly?: boolean | undefined;
  /** Which mounts made later show on the other side. All but the private ones need a source that is shared on the host. @default "rprivate" */
  readonly propagation?: MountPropagation | undefined;
  /** Along with what is mounted below the source. @default true */
  readonly recursive?: boolean | undefined;
  /** Make a directory of a missing source, as docker's `-v` does; otherwise it is refused, as by docker's `--mount`. @default false */
  readonly createSource?: boolean | undefined;
}

/** mount_namespaces(7); those with an `r` hold for what is mounted below the source, too. */
export type MountPropagation = "private" | "rprivate" | "slave" | "rslave" | "shared" | "rshared";

/** A volume, made where there is none of the name. An empty one is filled with what the image has at the target: contents, owners, modes. */
export interface VolumeMountSpec extends MountTarget {
  readonly type: "volume";
  /** Name of the volume. @default none: an anonymous one, which goes with the container */
  readonly source?: string | undefined;
  /** @default false */
  readonly readonly?: boolean | undefined;
  /** Leave an empty volume empty. @default false */
  readonly noCopy?: boolean | undefined;
  /** A file or directory that is in the volume already, instead of all of it. A relative path; no link may lead out. */
  readonly subpath?: string | undefined;
  /** Of the volume, when it is made. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** An empty file system in memory. */
export interface TmpfsMountSpec extends MountTarget {
  readonly type: "tmpfs";
  /** @default half of the memory */
  readonly sizeBytes?: number | undefined;
  /** @default 0o1777 */
  readonly mode?: number | undefined;
  /** `ro`, `exec`, `suid`, `dev`, `size=64m`, `mode=700`, `uid=1000`, ... @default nosuid, nodev and noexec */
  readonly options?: readonly string[] | undefined;
}

/** The files of an image that is here, read-only. */
export interface ImageMountSpec extends MountTarget {
  readonly type: "image";
  /** Reference or id. */
  readonly source: string;
  /** A path in the image, instead of all of it. */
  readonly subpath?: string | undefined;
}

/** What is mounted in a container: the `Mounts` of `docker inspect`. */
export interface MountPoint {
  readonly type: MountSpec["type"];
  /** Of a volume. */
  readonly name?: string | undefined;
  /** Path of the host, or the image's reference; empty for a tmpfs. */
  readonly source: string;
  readonly target: string;
  readonly readonly: boolean;
  /** Of a bind. */
  readonly propagation?: MountPropagation | undefined;
  /** The volume goes with its container. */
  readonly anonymous?: boolean | undefined;
  readonly subpath?: string | undefined;
}
