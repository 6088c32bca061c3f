/** What the catalogue knows of a service. */
import type { WaitStrategy } from "../wait/wait-strategy.js";

export interface ServiceDefaults {
  /** Repositories by their last component, without registry and tag: `postgres` also stands for `registry.example/team/postgres:16`. */
  readonly images: readonly string[];
  /** Environment without which the image refuses to start, or is no use. Left out when the user sets one of `unless`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Variables by which users say the same in another way. */
  readonly unless: readonly string[];
  /** Ports, if neither the user nor the image names one. */
  readonly ports: readonly number[];
  /** When the service on this port of the container is of use, more exactly than that the port listens. */
  readonly ready: (port: number) => WaitStrategy;
}
