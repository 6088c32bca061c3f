/** One place where a daemon may be, or the reason why a place that was named is none. */

export interface TlsPaths {
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** Check the daemon's certificate. */
  readonly verify: boolean;
  /** What the user would change, for messages: `"DOCKER_CERT_PATH"`. */
  readonly option: string;
}

export interface DaemonCandidate {
  /** Who names it: `"DOCKER_HOST"`, `"docker context desk"`, `"Colima"`. */
  readonly origin: string;
  /** As DOCKER_HOST has it. */
  readonly address: string;
  readonly tls?: TlsPaths | undefined;
  /** This process was told to use it and no other: where it fails, no further place is tried. */
  readonly decisive: boolean;
}

export interface DaemonObstacle {
  readonly origin: string;
  readonly reason: string;
  readonly remedy?: string | undefined;
  /** Set where what was said is wrong rather than out of reach: the option, its value and what would do. */
  readonly option?: { readonly name: string; readonly value: string; readonly allowed: readonly string[] } | undefined;
  readonly decisive: boolean;
}

export type DaemonStep = DaemonCandidate | DaemonObstacle;
