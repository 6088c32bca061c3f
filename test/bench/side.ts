/** What the benchmarks measure: a library that starts containers. Ours and each peer stand behind the same face. */

export interface Side extends AsyncDisposable {
  /** As the table names it. */
  readonly name: string;
  /** Makes a root file system available as an image. */
  importImage(reference: string, tar: Buffer): Promise<void>;
  /** Starts a container and waits until `port` listens. */
  start(options: StartOptions): Promise<Running>;
}

export interface StartOptions {
  readonly image: string;
  readonly command: readonly string[];
  readonly port: number;
  /** Files of the host to make visible, read-only, at the same path in the container. */
  readonly files?: readonly string[] | undefined;
  /** Wait for this instead of the port. */
  readonly healthCheck?: { readonly line: string; readonly intervalMs: number } | undefined;
  /** A directory of the host, writable at the same path in the container. */
  readonly directory?: string | undefined;
  /** Name of a network of {@link OurSide.network}. */
  readonly network?: string | undefined;
  /** Of this host, to be reached from the container by {@link Running.hostAddress}: ours alone. */
  readonly hostPorts?: readonly number[] | undefined;
}

/** Of the host's paths that a container is to see. */
export function bindMounts({ files = [], directory }: StartOptions): { source: string; target: string; mode: "ro" | "rw" }[] {
  const readable = files.map((path) => ({ source: path, target: path, mode: "ro" as const }));
  return directory === undefined ? readable : [...readable, { source: directory, target: directory, mode: "rw" as const }];
}

export interface Running {
  readonly host: string;
  /** The host's port behind which the container's is published. */
  readonly mappedPort: number;
  /** Runs a command to its end. @returns what it printed @throws where it exits with another code than 0 */
  exec(command: readonly string[]): Promise<string>;
  /** Its name and address on its network: ours alone. */
  readonly name?: string | undefined;
  readonly address?: string | undefined;
  /** This host's, as the container sees it: ours alone. */
  hostAddress?(): Promise<string>;
  stop(): Promise<void>;
  /** Host process ids of the server and of whatever relays its published port. */
  processes(): Promise<readonly number[]>;
}

/** Ours, with what only ours is asked. */
export interface OurSide extends Side {
  pull(reference: string): Promise<void>;
  /** @returns the steps that it took */
  build(context: string, options?: { readonly noCache?: boolean }): Promise<readonly BuiltStep[]>;
  network(): Promise<{ readonly name: string } & AsyncDisposable>;
  /** Starts a container that only waits, with a way to the outside or without any network. */
  startIdle(image: string, networkMode: "default" | "none"): Promise<Pick<Running, "stop">>;
  /** Host process ids of what runs besides this process and the containers. */
  helpers(): Promise<number[]>;
  /** Where the running session keeps what it needs. */
  sessionDirectory(): Promise<string>;
}

export interface BuiltStep {
  readonly name: string;
  readonly durationMs: number;
}
