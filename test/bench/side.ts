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
  /** Name of a network of {@link OurSide.network}. */
  readonly network?: string | undefined;
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
  /** Host process ids of what runs besides this process and the containers. */
  helpers(): Promise<number[]>;
  /** Where the running session keeps what it needs. */
  sessionDirectory(): Promise<string>;
}

export interface BuiltStep {
  readonly name: string;
  readonly durationMs: number;
}
