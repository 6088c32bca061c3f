/** A Compose project in the engine's terms: what the files say, checked, and nothing that an engine has to be asked for. */
import type { BuildSecret, ContainerSpec, EndpointSpec, MountSpec, SubnetSpec } from "../../engine/engine.js";
import type { MapNode, Place } from "../files/tree.js";

export interface Project {
  readonly name: string;
  /** Absolute. */
  readonly directory: string;
  /** Absolute, or `-`. */
  readonly files: readonly string[];
  /** Those that are enabled, by name. */
  readonly services: ReadonlyMap<string, Service>;
  /** Names of those that no active profile has. */
  readonly disabled: readonly string[];
  /** By their names in the files; `default` where some service is on it. */
  readonly networks: ReadonlyMap<string, ProjectNetwork>;
  readonly volumes: ReadonlyMap<string, ProjectVolume>;
  /** The files together. */
  readonly tree: MapNode;
  readonly warnings: readonly string[];
}

export type Condition = "service_started" | "service_healthy" | "service_completed_successfully";

export interface Dependency {
  readonly condition: Condition;
  /** Restarted along with it. */
  readonly restart: boolean;
  /** Otherwise it need not be there, or become what the condition says. */
  readonly required: boolean;
}

/** What of a container's spec depends on nothing but the file. */
export type ServiceSpec = Omit<
  ContainerSpec,
  "image" | "name" | "labels" | "networks" | "networkMode" | "ipcMode" | "pidMode" | "mounts" | "volumesFrom" | "healthcheck"
>;

/** A namespace: the engine's word for it, or that of another service. */
export type Sharing<T extends string> = T | { readonly service: string };

export interface Service {
  readonly name: string;
  readonly place: Place;
  /** With `build` and no image of its own it is named after project and service. */
  readonly image: string;
  /** The file names it. */
  readonly imageNamed: boolean;
  readonly build: ServiceBuild | undefined;
  readonly containerName: string | undefined;
  readonly scale: number;
  readonly pullPolicy: PullPolicy | undefined;
  readonly profiles: readonly string[];
  readonly dependsOn: ReadonlyMap<string, Dependency>;
  readonly spec: ServiceSpec;
  readonly labels: Readonly<Record<string, string>>;
  /** Instead of networks. */
  readonly networkMode: Sharing<NonNullable<ContainerSpec["networkMode"]>> | undefined;
  readonly ipcMode: Sharing<NonNullable<ContainerSpec["ipcMode"]>> | undefined;
  readonly pidMode: Sharing<NonNullable<ContainerSpec["pidMode"]>> | undefined;
  /** By their names in the files, in order of priority. */
  readonly networks: ReadonlyMap<string, EndpointSpec>;
  /** Sources of volumes are names in the files. */
  readonly mounts: readonly MountSpec[];
  readonly volumesFrom: readonly VolumesFrom[];
  readonly healthcheck: ServiceHealthcheck | "none" | undefined;
  /** Configs and secrets whose contents stand in the file or in a variable: written into the container. */
  readonly files: readonly ServiceFile[];
  /** Its log is shown by `up` in the foreground. */
  readonly attach: boolean;
}

export type PullPolicy = "always" | "never" | "missing" | "build";

export type ServiceHealthcheck = { readonly test?: readonly string[] } & Omit<
  Exclude<NonNullable<ContainerSpec["healthcheck"]>, "none">,
  "test"
>;

export type VolumesFrom = ({ readonly service: string } | { readonly container: string }) & { readonly readonly: boolean };

export interface ServiceFile {
  /** Absolute path in the container. */
  readonly target: string;
  readonly content: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

export interface ServiceBuild {
  /** An absolute directory, or a URL. */
  readonly context: string;
  readonly dockerfile: string | undefined;
  readonly dockerfileText: string | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly target: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** On top of the service's image. */
  readonly tags: readonly string[];
  readonly noCache: boolean | undefined;
  readonly pull: boolean | undefined;
  readonly network: "default" | "none" | "host" | undefined;
  readonly platform: string | undefined;
  readonly contexts: Readonly<Record<string, string>>;
  readonly extraHosts: ContainerSpec["extraHosts"];
  readonly secrets: Readonly<Record<string, BuildSecret>>;
  readonly ssh: Readonly<Record<string, string>>;
  readonly allow: readonly ("security.insecure" | "network.host")[];
}

export interface ProjectNetwork {
  readonly key: string;
  /** At the engine. */
  readonly name: string;
  /** Made by somebody else. */
  readonly external: boolean;
  readonly internal: boolean | undefined;
  readonly ipv6: boolean | undefined;
  readonly subnets: readonly SubnetSpec[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface ProjectVolume {
  readonly key: string;
  readonly name: string;
  readonly external: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}
