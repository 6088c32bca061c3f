/** OCI image configurations (image-spec config.md) to the contract's terms and back. */
import type { Healthcheck, ImageConfig, ImageHistory } from "../engine.js";
import { CaissonError } from "../errors.js";

const NANOSECONDS_PER_MS = 1_000_000;

/** The configuration's JSON, as far as it is used here; other fields are kept when one is rewritten. */
export interface OciImageConfig {
  readonly created?: string;
  readonly author?: string;
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly config?: OciExecution;
  readonly rootfs: { readonly type: "layers"; readonly diff_ids: readonly string[] };
  readonly history?: readonly OciHistory[];
}

export interface OciExecution {
  readonly User?: string;
  readonly Env?: readonly string[] | null;
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly WorkingDir?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>> | null;
  readonly Volumes?: Readonly<Record<string, object>> | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly StopSignal?: string;
  readonly Shell?: readonly string[] | null;
  readonly OnBuild?: readonly string[] | null;
  readonly Healthcheck?: OciHealthcheck | null;
}

interface OciHealthcheck {
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

interface OciHistory {
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}

/** @throws STORE_CORRUPT when it is no image configuration */
export function parseOciConfig(bytes: Buffer, digest: string): OciImageConfig {
  try {
    const config = JSON.parse(bytes.toString("utf8")) as Partial<OciImageConfig>;
    if (typeof config.os === "string" && typeof config.architecture === "string" && Array.isArray(config.rootfs?.diff_ids))
      return config as OciImageConfig;
  } catch {
    // Falls through: no JSON is as wrong as the wrong JSON.
  }
  throw new CaissonError("STORE_CORRUPT", `${digest} is not an image configuration`, { facts: { path: digest } });
}

export function fromOci(oci: OciExecution = {}): ImageConfig {
  return {
    user: oci.User ?? "",
    env: oci.Env ?? [],
    entrypoint: oci.Entrypoint ?? undefined,
    command: oci.Cmd ?? undefined,
    workingDir: oci.WorkingDir ?? "",
    exposedPorts: Object.keys(oci.ExposedPorts ?? {}),
    volumes: Object.keys(oci.Volumes ?? {}),
    labels: oci.Labels ?? {},
    stopSignal: oci.StopSignal || undefined,
    shell: oci.Shell ?? undefined,
    onBuild: oci.OnBuild ?? [],
    healthcheck: oci.Healthcheck?.Test ? healthcheckFromOci(oci.Healthcheck) : undefined,
  };
}

/** Leaves out what is empty, as docker does. */
export function toOci(config: ImageConfig): OciExecution {
  const entries: Record<keyof OciExecution, unknown> = {
    User: config.user || undefined,
    ExposedPorts: emptyObjects(config.exposedPorts),
    Env: nonEmpty(config.env),
    Entrypoint: config.entrypoint,
    Cmd: config.command,
    Volumes: emptyObjects(config.volumes),
    WorkingDir: config.workingDir || undefined,
    Labels: Object.keys(config.labels).length > 0 ? config.labels : undefined,
    StopSignal: config.stopSignal,
    Shell: config.shell,
    OnBuild: nonEmpty(config.onBuild),
    Healthcheck: config.healthcheck && healthcheckToOci(config.healthcheck),
  };
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}

/** @param layerBytes of each layer, lowest first: they belong to the steps that are not empty, in order */
export function historyFromOci(history: readonly OciHistory[] = [], layerBytes: readonly number[]): readonly ImageHistory[] {
  let layer = 0;
  return history.map((step) => ({
    created: step.created === undefined ? undefined : new Date(step.created),
    createdBy: step.created_by,
    comment: step.comment,
    emptyLayer: step.empty_layer ?? false,
    size: step.empty_layer ? 0 : (layerBytes[layer++] ?? 0),
  }));
}

function healthcheckFromOci(oci: OciHealthcheck): Healthcheck {
  const ms = (nanoseconds: number | undefined): number | undefined => (nanoseconds ? nanoseconds / NANOSECONDS_PER_MS : undefined);
  return {
    test: oci.Test ?? [],
    intervalMs: ms(oci.Interval),
    timeoutMs: ms(oci.Timeout),
    startPeriodMs: ms(oci.StartPeriod),
    startIntervalMs: ms(oci.StartInterval),
    retries: oci.Retries || undefined,
  };
}

function healthcheckToOci(healthcheck: Healthcheck): OciHealthcheck {
  const ns = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms * NANOSECONDS_PER_MS);
  const entries = {
    Test: healthcheck.test,
    Interval: ns(healthcheck.intervalMs),
    Timeout: ns(healthcheck.timeoutMs),
    StartPeriod: ns(healthcheck.startPeriodMs),
    StartInterval: ns(healthcheck.startIntervalMs),
    Retries: healthcheck.retries,
  };
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}

function emptyObjects(names: readonly string[]): Record<string, object> | undefined {
  return names.length > 0 ? Object.fromEntries(names.map((name) => [name, {}])) : undefined;
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}
