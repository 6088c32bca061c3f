/** All that a wait strategy sees of a container: a narrow, read-only view, easy to stand in for in a test. */
import type { ContainerExit, HealthState, ListeningSocket, PublishedPort } from "../engine/engine.js";
import type { LogLine } from "./log-lines.js";

export interface PortNumber {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
}

export interface WaitTarget {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** Where published ports are reached. */
  readonly host: string;
  /** Ports that the user, the catalogue or the image says the service listens on. */
  readonly exposedPorts: readonly PortNumber[];
  readonly ports: readonly PublishedPort[];
  /** Lines of this run from its first one on; ends when the container exits or the signal fires. */
  logs(signal: AbortSignal): AsyncIterable<LogLine>;
  /** The last lines of this run, as text. */
  logTail(lines: number): Promise<readonly string[]>;
  /** What the engine has noticed of the container, and that may be why it does not become ready. */
  notices(): Promise<readonly string[]>;
  /** Runs a command to its end; output is stdout and stderr as they came. */
  exec(command: readonly string[], signal: AbortSignal): Promise<{ readonly exitCode: number; readonly output: string }>;
  /** Resolves once every port listens where published ports can reach it. `observe` hears what listens whenever that changes. */
  waitListening(ports: readonly PortNumber[], signal: AbortSignal, observe: (sockets: readonly ListeningSocket[]) => void): Promise<void>;
  /** The current state and then each new one; undefined when the container has no health check. */
  health(signal: AbortSignal): AsyncIterable<HealthState | undefined>;
  /** A file's content, empty for a directory; undefined while there is no such path. With `content: false` only looks whether it is there. */
  readFile(path: string, options: { readonly content: boolean; readonly signal: AbortSignal }): Promise<Buffer | undefined>;
  /** Resolves when the container has exited, at once when it has already. */
  exited(signal: AbortSignal): Promise<ContainerExit>;
}

/** `5432/tcp` */
export function portText({ port, protocol }: PortNumber): string {
  return `${port}/${protocol}`;
}
