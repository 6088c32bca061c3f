/** What the catalogue knows of a service. */
import type { WaitStrategy } from "../wait/wait-strategy.js";

export interface ServiceDefaults {
  /** Repositories by their last component, without registry and tag: `postgres` also stands for `registry.example/team/postgres:16`. */
  readonly images: readonly string[];
  /** Environment without which the image refuses to start, or is no use. Left out when the user sets one of `unless`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Variables by which users say the same in another way. */
  readonly unless?: readonly string[];
  /** The environment is left out when the user sets a command as well: the server refuses what a flag and a variable both say. */
  readonly unlessCommand?: boolean;
  /** Contents of files by path, without which the image is no use. What the user copies comes over them, what the user mounts instead. */
  readonly files?: Readonly<Record<string, string>>;
  /**
   * Ports of the service proper: published if neither the user nor the image names one, and waited for. Images expose further ones,
   * on which nothing listens until it is configured.
   */
  readonly ports: readonly number[];
  /** When the service on this port of the container is of use, more exactly than that the port listens. */
  readonly ready?: (port: number) => WaitStrategy;
}
