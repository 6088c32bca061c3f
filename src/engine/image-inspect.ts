/** What is known of an image: part of engine.ts, which everybody imports. */
import type { Healthcheck } from "./container-spec.js";

/** One step of progress; `id` is a layer's short digest, or the reference for the image as a whole. */
export interface ImageProgress {
  readonly id: string;
  readonly status: "resolving" | "waiting" | "downloading" | "unpacking" | "uploading" | "exists" | "done";
  /** Bytes so far. */
  readonly current?: number | undefined;
  /** Bytes in all, where known. */
  readonly total?: number | undefined;
}

export interface ImageSummary {
  /** `sha256:` + the digest of the image's config. */
  readonly id: string;
  readonly references: readonly string[];
  /** `repository@digest`, as registries named it. */
  readonly repoDigests: readonly string[];
  /** To the second, in the lists of daemons. */
  readonly created: Date;
  /** Bytes of its unpacked layers. */
  readonly size: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined in the lists of dockerd, and of Podman before 5.0: they tell it of one image at a time. */
  readonly platform: string | undefined;
}

export interface ImageInspect extends ImageSummary {
  readonly platform: string;
  /** Digest of the manifest for this platform. */
  readonly digest: string;
  readonly config: ImageConfig;
  /** diffIDs, lowest first. */
  readonly layers: readonly string[];
  readonly history: readonly ImageHistory[];
}

/** What a registry has under a reference. */
export interface RemoteImage {
  /** Of the manifest, or of the index of several. */
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes of that document. */
  readonly size: number;
  /** `os/arch[/variant]` of each image; `unknown/unknown` for what is none, as attestations are. */
  readonly platforms: readonly string[];
}

/** The execution part of an OCI image configuration (image-spec config.md), in this API's spelling. */
export interface ImageConfig {
  readonly user: string;
  readonly env: readonly string[];
  readonly entrypoint: readonly string[] | undefined;
  readonly command: readonly string[] | undefined;
  readonly workingDir: string;
  /** `"5432/tcp"`. */
  readonly exposedPorts: readonly string[];
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly stopSignal: string | undefined;
  readonly shell: readonly string[] | undefined;
  readonly onBuild: readonly string[];
  readonly healthcheck: Healthcheck | undefined;
}

export interface ImageHistory {
  readonly created?: Date | undefined;
  readonly createdBy?: string | undefined;
  readonly comment?: string | undefined;
  readonly emptyLayer: boolean;
  /** Bytes of its layer, unpacked. */
  readonly size: number;
}
