/**
 * Docker's filters for containers, events and what is removed in bulk: part of engine.ts, which everybody imports. An object must pass
 * every filter; of a filter's values one will do, but all labels must be there. A label is `name` or `name=value`.
 */

/** `"restarting"`: it has exited, and its restart policy will start it again. */
export type ContainerStatus = "created" | "running" | "paused" | "restarting" | "exited";

export interface ContainerFilters {
  /** Whole ids, or how they begin. */
  readonly id?: readonly string[] | undefined;
  /** Names, or parts of them. */
  readonly name?: readonly string[] | undefined;
  readonly label?: readonly string[] | undefined;
  readonly status?: readonly ContainerStatus[] | undefined;
  /** Exit codes of containers that have exited. */
  readonly exited?: readonly number[] | undefined;
  /** `none` for containers without a health check. */
  readonly health?: readonly ("starting" | "healthy" | "unhealthy" | "none")[] | undefined;
  /** Images, by name or id: containers made from them, or from images that stand on them. */
  readonly ancestor?: readonly string[] | undefined;
  /** Made before this container, which is given by name or id. @throws CONTAINER_NOT_FOUND */
  readonly before?: string | undefined;
  /** Made after this container. @throws CONTAINER_NOT_FOUND */
  readonly since?: string | undefined;
  /** `80` or `80/udp`. */
  readonly publish?: readonly string[] | undefined;
  readonly expose?: readonly string[] | undefined;
  /** Names or ids of networks that it is on. */
  readonly network?: readonly string[] | undefined;
}

export interface EventFilters {
  readonly type?: readonly string[] | undefined;
  /** Actions; `health_status` stands for each of its kind, `exec_start` for that of any command. */
  readonly event?: readonly string[] | undefined;
  /** Names or ids, or how ids begin. */
  readonly container?: readonly string[] | undefined;
  /** Names or ids: events of images, and of containers made from them. */
  readonly image?: readonly string[] | undefined;
  readonly network?: readonly string[] | undefined;
  readonly label?: readonly string[] | undefined;
}

/** Which of the unused objects to remove. */
export interface PruneFilters {
  readonly label?: readonly string[] | undefined;
  /** Those that have none of these. */
  readonly "label!"?: readonly string[] | undefined;
  /** Made before this moment. */
  readonly until?: Date | undefined;
}
