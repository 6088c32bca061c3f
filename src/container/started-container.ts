/** A container that was started by `Container.start()`. */
import "../async-dispose.js";
import { text } from "node:stream/consumers";
import type { ContainerInspect, Engine, PublishedPort, StopOptions } from "../engine/engine.js";
import { CaissonError } from "../engine/errors.js";
import { type LogLine, logLines } from "../wait/log-lines.js";

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, standard output first. */
  readonly output: string;
}

export interface ExecOptions {
  readonly workingDir?: string | undefined;
  readonly user?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class StartedContainer implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #id: string;
  readonly #name: string;
  readonly #ports: readonly PublishedPort[];
  #stopping: Promise<void> | undefined;

  constructor(engine: Engine, { id, name, ports }: Pick<ContainerInspect, "id" | "name" | "ports">) {
    this.#engine = engine;
    this.#id = id;
    this.#name = name;
    this.#ports = ports;
  }

  getId(): string {
    return this.#id;
  }

  getName(): string {
    return this.#name;
  }

  /** Where mapped ports are reached. */
  getHost(): string {
    return "localhost";
  }

  /** The host's port that leads to a port of the container. @throws PORT_NOT_MAPPED */
  getMappedPort(port: number, protocol: "tcp" | "udp" = "tcp"): number {
    const found = this.#ports.find((candidate) => candidate.containerPort === port && candidate.protocol === protocol);
    if (found) return found.hostPort;
    const mapped = [...new Set(this.#ports.map((candidate) => `${candidate.containerPort}/${candidate.protocol}`))];
    throw new CaissonError("PORT_NOT_MAPPED", `Port ${port}/${protocol} of ${this.#name} is not mapped`, {
      facts: { port: `${port}/${protocol}`, mapped },
      evidence: [`Mapped: ${mapped.join(", ") || "none"}`],
      remedy: `Call withExposedPorts(${port}) before start().`,
    });
  }

  /** Runs a command to its end. @throws COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, CONTAINER_NOT_RUNNING */
  async exec(command: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const process = await this.#engine.containers.exec(this.#id, { ...options, command });
    const [stdout, stderr, { exitCode }] = await Promise.all([text(process.stdout), text(process.stderr), process.exit]);
    return { exitCode, stdout, stderr, output: stdout + stderr };
  }

  /** Its lines so far, then with `follow` those to come until it exits. */
  logs(options: { readonly follow?: boolean; readonly tail?: number; readonly signal?: AbortSignal } = {}): AsyncIterable<LogLine> {
    return logLines(this.#engine.containers.logs(this.#id, options));
  }

  inspect(): Promise<ContainerInspect> {
    return this.#engine.containers.inspect(this.#id);
  }

  /** Stops and removes it. Idempotent. */
  stop(options: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(options);
    return this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(options: StopOptions): Promise<void> {
    await this.#engine.containers.stop(this.#id, { timeoutMs: 0, ...options });
    await this.#engine.containers.remove(this.#id, { force: true });
  }
}
