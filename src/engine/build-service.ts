/** The contract's builds: part of engine.ts, which everybody imports. Terms are those of `docker build`. */
import type { ImageInspect, ImageProgress } from "./image-inspect.js";
import type { RegistryAuth } from "./registry-auth.js";

/**
 * A directory of this host, a git repository (`https://host/repo.git#ref:directory`), the URL of a tar or of a Dockerfile, or a tar. Tars may
 * be compressed with gzip, zstd, bzip2 or xz.
 */
export type BuildContext = string | { readonly tar: AsyncIterable<Uint8Array> };

export type BuildSecret = { readonly file: string } | { readonly env: string } | { readonly value: string | Uint8Array };

export interface BuildOptions {
  /** Path of the Dockerfile, in the context or absolute. @default "Dockerfile" */
  readonly dockerfile?: string | undefined;
  /** The Dockerfile itself; then `dockerfile` is only its name in messages. */
  readonly dockerfileText?: string | undefined;
  /** Names of the image. @default none: reachable by id */
  readonly tags?: readonly string[] | undefined;
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  /** Stage to build. @default the last one */
  readonly target?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** `os/arch[/variant]`. Another one than the host's can be built as long as no RUN is needed. @default the host's platform */
  readonly platform?: string | undefined;
  /** Look nothing up in the cache: of every stage, or of those named. @default false */
  readonly noCache?: boolean | readonly string[] | undefined;
  /** Ask the registry for base images that are here already. @default false */
  readonly pull?: boolean | undefined;
  /** By host of the registry, `docker.io` for Docker Hub; what is not here is looked for as pulls do. */
  readonly registryAuth?: Readonly<Record<string, RegistryAuth>> | undefined;
  /** By id, for `RUN --mount=type=secret`. */
  readonly secrets?: Readonly<Record<string, BuildSecret>> | undefined;
  /** By id, for `RUN --mount=type=ssh`; git uses `default`: an agent's socket, or files of private keys without a passphrase. */
  readonly ssh?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Further contexts by name: a directory, a git repository, a URL, `docker-image://REFERENCE`, or `oci-layout://DIRECTORY[:TAG][@DIGEST]`. */
  readonly contexts?: Readonly<Record<string, string>> | undefined;
  /** Lines for /etc/hosts of RUN steps; the address `host-gateway` is the host. */
  readonly extraHosts?: readonly { readonly host: string; readonly address: string }[] | undefined;
  /** Of RUN steps. @default "host" */
  readonly network?: "default" | "none" | "host" | undefined;
  /** Memory of each RUN step, in bytes. @default no limit */
  readonly memoryBytes?: number | undefined;
  /** What a Dockerfile may ask for: `RUN --security=insecure`; the host's network needs no permission. @default nothing */
  readonly allow?: readonly ("security.insecure" | "network.host")[] | undefined;
  /** RUN steps see this host's bundle of certificate authorities, where the image has its own. @default false */
  readonly hostCertificates?: boolean | undefined;
  /** Seconds: created times of the image, and the latest time of files in its layers. @default the build argument SOURCE_DATE_EPOCH */
  readonly sourceDateEpoch?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((event: BuildEvent) => void) | undefined;
}

export interface BuildResult {
  readonly image: ImageInspect;
  readonly warnings: readonly BuildWarning[];
}

/** What BuildKit's checks find (https://docs.docker.com/reference/build-checks/). */
export interface BuildWarning {
  /** BuildKit's name of it, e.g. `"UndefinedVar"`. */
  readonly rule: string;
  readonly message: string;
  /** What the rule asks for. */
  readonly description: string;
  /** The rule's documentation, where there is one. */
  readonly url?: string | undefined;
  readonly file: string;
  /** First line of the instruction, from 1. */
  readonly line: number;
  readonly endLine: number;
  /** Those lines, with some around them. */
  readonly excerpt: { readonly firstLine: number; readonly lines: readonly string[] };
}

export interface BuildCheck {
  readonly warnings: readonly BuildWarning[];
  /**
   * A CaissonError with what keeps the Dockerfile from being built: DOCKERFILE_INVALID; BUILD_CHECKS_FAILED where it wants its
   * warnings to be errors; or why an image that a check depends on can't be had. Warnings are those found up to there.
   */
  readonly error?: Error | undefined;
}

/** `step` numbers the steps of one build, in the order in which they began. */
export type BuildEvent =
  | { readonly type: "step"; readonly step: number; readonly name: string; readonly location: string }
  | { readonly type: "output"; readonly step: number; readonly stream: "stdout" | "stderr"; readonly text: string }
  | { readonly type: "done"; readonly step: number; readonly cached: boolean; readonly durationMs: number }
  | { readonly type: "failed"; readonly step: number; readonly message: string; readonly durationMs: number }
  | { readonly type: "pull"; readonly reference: string; readonly progress: ImageProgress }
  | { readonly type: "warning"; readonly warning: BuildWarning };

export interface PruneResult {
  /** Cache entries that are gone. */
  readonly entries: number;
  /** Bytes of the layers and caches that went with them. */
  readonly bytes: number;
}
