/** One mount of a RUN between being understood and being mounted. */
import type { PlannedMount } from "./plan-run-mounts.js";

/** A mount as the command finds it. */
export interface OpenMount {
  /** Undefined where there is nothing to mount: a secret that was not given, or is a variable alone. */
  readonly mount?: PlannedMount | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Once the command has ended. */
  close?(): Promise<void>;
}

export interface ResolvedMount {
  /** Never what secrets and caches hold, nor a cache's id. */
  readonly key: readonly unknown[];
  /** Of a cache that one step at a time may use. */
  readonly lock?: string | undefined;
  open(): Promise<OpenMount>;
}
