/** What `caisson doctor` reports: part of the public face, filled by the engines. */

export interface Probe {
  /** Stable, for programs: `"namespace mount"`. */
  readonly name: string;
  /** `warning`: containers run, but something that a user may ask for can't be served. */
  readonly status: "passed" | "warning" | "failed" | "skipped";
  /** What was found, or what failed and with what. */
  readonly detail: string;
  readonly remedy?: string | undefined;
  /** Of the system call that failed: `"EPERM"`. */
  readonly errno?: string | undefined;
}
