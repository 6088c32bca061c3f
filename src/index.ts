/** `caisson`: the public face, nothing else. */
export { Container } from "./container/container.js";
export type { ContainerLogs } from "./container/container-logs.js";
export {
  type ArchiveToCopy,
  type BindMount,
  type ContainerCommitOptions,
  type ContentToCopy,
  type CopyToContainerOptions,
  type DirectoryToCopy,
  type ExecOptions,
  type ExecResult,
  type ExposedPort,
  type ExtraHost,
  type FileToCopy,
  type HealthCheck,
  type ImagePullPolicy,
  type PortWithBinding,
  PullPolicy,
  type ResourcesQuota,
  type RestartContainerOptions,
  type StartupTimings,
  type StopContainerOptions,
  type VolumeMount,
} from "./container/container-options.js";
export { DockerfileBuilder } from "./container/dockerfile-builder.js";
export { StartedContainer } from "./container/started-container.js";
export { StoppedContainer } from "./container/stopped-container.js";
export type {
  BuildCheck,
  BuildContext,
  BuildEvent,
  BuildOptions,
  BuildSecret,
  BuildWarning,
  ContainerProcess,
  ContainerStats,
  DeviceRate,
  DeviceSpec,
  EndpointSpec,
  FileChange,
  MountSpec,
  NetworkInspect,
  NetworkSpec,
  ResourceLimits,
  RestartPolicy,
  StatsOptions,
  SubnetSpec,
  UpdateOptions,
  VolumeInspect,
} from "./engine/engine.js";
export { CaissonError, type ErrorCode, type ErrorFacts, isCaissonError, UnsupportedError } from "./engine/errors.js";
export { Image, type ImageBuildOptions } from "./image/image.js";
export { Network, type NetworkOptions, StartedNetwork } from "./network/network.js";
export { CreatedVolume, Volume, type VolumeOptions } from "./volume/volume.js";
export type { LogLine } from "./wait/log-lines.js";
export { Wait } from "./wait/wait.js";
export { type WaitAttempt, WaitFailure, WaitStrategy } from "./wait/wait-strategy.js";
export type { WaitTarget } from "./wait/wait-target.js";
