/** What the handlers of all routes share. */
import type { Engine } from "../engine.js";
import type { BindPolicy } from "./bind-policy.js";
import type { ExecTable } from "./exec-table.js";
import type { ServedContainers } from "./served-containers.js";

export interface ServerContext {
  readonly engine: Engine;
  /** Of this server, as `docker info` shows it. */
  readonly id: string;
  readonly execs: ExecTable;
  readonly served: ServedContainers;
  readonly binds: BindPolicy;
}
