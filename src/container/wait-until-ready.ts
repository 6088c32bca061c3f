/** Waits for a container that an engine has just started, at its first start or a later one. */
import type { ContainerInspect, Engine } from "../engine/engine.js";
import { runWait } from "../wait/run-wait.js";
import type { WaitStrategy } from "../wait/wait-strategy.js";
import { engineTarget } from "./engine-target.js";

export interface ReadyOptions {
  /** Chosen by what the container turned out to be; undefined when there is nothing to wait for. */
  readonly strategy: (inspect: ContainerInspect) => WaitStrategy | undefined;
  readonly startupTimeoutMs: number | undefined;
  /** When this run began; log lines before it belong to an earlier one. */
  readonly since: Date | undefined;
  readonly signal: AbortSignal | undefined;
}

/** @throws CONTAINER_EXITED, WAIT_TIMEOUT, WAIT_FAILED, ABORTED */
export async function waitUntilReady(engine: Engine, id: string, options: ReadyOptions): Promise<void> {
  const inspect = await engine.containers.inspect(id);
  const strategy = options.strategy(inspect);
  if (!strategy) return;
  const tcp = [...new Set(inspect.ports.filter(({ protocol }) => protocol === "tcp").map(({ containerPort }) => containerPort))];
  const target = engineTarget(engine, {
    ...inspect,
    exposedPorts: tcp.map((port) => ({ port, protocol: "tcp" as const })),
    since: options.since,
  });
  await runWait(strategy, target, options);
}
