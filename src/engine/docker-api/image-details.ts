/** Images as the API shows them. Pure. */
import type { Healthcheck, ImageConfig, ImageInspect, ImageSummary } from "../engine.js";
import { objectOf } from "./container-details.js";
import { nanoseconds } from "./host-config-json.js";
import { timeText } from "./times.js";

export function imageJson(image: ImageInspect, version: number): Readonly<Record<string, unknown>> {
  const [os = "linux", architecture = "", variant] = image.platform.split("/");
  const config = imageConfigJson(image.config);
  return {
    Id: image.id,
    RepoTags: image.references,
    RepoDigests: image.repoDigests,
    Parent: "",
    Comment: image.history.at(-1)?.comment ?? "",
    Created: timeText(image.created),
    ...(version < 45 ? { Container: "", ContainerConfig: config } : {}),
    DockerVersion: "",
    Author: "",
    Config: config,
    Architecture: architecture,
    ...(variant === undefined ? {} : { Variant: variant }),
    Os: os,
    Size: image.size,
    ...(version < 44 ? { VirtualSize: image.size } : {}),
    GraphDriver: { Data: null, Name: "overlay2" },
    RootFS: { Type: "layers", Layers: image.layers },
    Metadata: { LastTagTime: timeText(undefined) },
  };
}

function imageConfigJson(config: ImageConfig): Readonly<Record<string, unknown>> {
  const { healthcheck } = config;
  return {
    Hostname: "",
    Domainname: "",
    User: config.user,
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    ...(config.exposedPorts.length > 0 ? { ExposedPorts: objectOf(config.exposedPorts) } : {}),
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: config.env.length > 0 ? config.env : null,
    Cmd: config.command ?? null,
    ...(healthcheck ? { Healthcheck: healthcheckJson(healthcheck) } : {}),
    Image: "",
    Volumes: config.volumes.length > 0 ? objectOf(config.volumes) : null,
    WorkingDir: config.workingDir,
    Entrypoint: config.entrypoint ?? null,
    OnBuild: config.onBuild.length > 0 ? config.onBuild : null,
    Labels: Object.keys(config.labels).length > 0 ? config.labels : null,
    ...(config.stopSignal === undefined ? {} : { StopSignal: config.stopSignal }),
    ...(config.shell === undefined ? {} : { Shell: config.shell }),
  };
}

function healthcheckJson(check: Healthcheck): Readonly<Record<string, unknown>> {
  const times = {
    Interval: nanoseconds(check.intervalMs),
    Timeout: nanoseconds(check.timeoutMs),
    StartPeriod: nanoseconds(check.startPeriodMs),
    StartInterval: nanoseconds(check.startIntervalMs),
    Retries: check.retries,
  };
  return { Test: check.test, ...Object.fromEntries(Object.entries(times).filter(([, value]) => value !== undefined)) };
}

/** With the platform, as Podman's rows have it: docker's have none. @param containers how many were made from it; -1 where nobody counted */
export function imageRow(
  image: ImageSummary,
  { version, containers }: { readonly version: number; readonly containers: number },
): Readonly<Record<string, unknown>> {
  const { repoDigests } = image;
  // Before 1.43 an image without a name had one that says so.
  const none = version < 43 && image.references.length === 0;
  const [os, architecture, variant] = image.platform?.split("/") ?? [];
  return {
    Containers: containers,
    Created: Math.floor(image.created.getTime() / 1000),
    Id: image.id,
    Labels: Object.keys(image.labels).length > 0 ? image.labels : null,
    ParentId: "",
    RepoDigests: none && repoDigests.length === 0 ? ["<none>@<none>"] : repoDigests,
    RepoTags: none ? ["<none>:<none>"] : image.references,
    SharedSize: -1,
    Size: image.size,
    ...(version < 44 ? { VirtualSize: image.size } : {}),
    ...(os === undefined ? {} : { Os: os, Arch: architecture }),
    ...(variant === undefined ? {} : { Variant: variant }),
  };
}

/** Newest first. */
export function historyJson(image: ImageInspect): readonly object[] {
  return image.history
    .map((entry, index) => ({
      Comment: entry.comment ?? "",
      Created: Math.floor((entry.created?.getTime() ?? 0) / 1000),
      CreatedBy: entry.createdBy ?? "",
      Id: index === image.history.length - 1 ? image.id : "<missing>",
      Size: entry.size,
      Tags: index === image.history.length - 1 && image.references.length > 0 ? image.references : null,
    }))
    .reverse();
}
