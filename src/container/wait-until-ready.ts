/** Waits for a container that an engine has just started, at its first start or a later one. */
import type { ContainerInspect, Engine } from "../engine/engine.js";
import { runWait } from "../wait/run-wait.js";
import type { WaitStrategy } from "../wait/wait-strategy.js";
import { engineTarget } from "./engine-target.js";

export interface ReadyOptions {
  /** Undefined when there is nothing to wait for. */
  readonly strategy: WaitStrategy | undefined;
  readonly startupTimeoutMs: number | undefined;
  /** When this run began; log lines before it belong to an earlier one. */
  readonly since: Date | undefined;
  readonly signal: AbortSignal | undefined;
}

/** @param inspect since its start @throws CONTAINER_EXITED, WAIT_TIMEOUT, WAIT_FAILED, ABORTED */
export async function waitUntilReady(engine: Engine, inspect: ContainerInspect, options: ReadyOptions): Promise<void> {
  const { strategy } = options;
  if (!strategy) return;
  const tcp = [...new Set(inspect.ports.filter(({ protocol }) => protocol === "tcp").map(({ containerPort }) => containerPort))];
  const target = engineTarget(engine, {
    ...inspect,
    exposedPorts: tcp.map((port) => ({ port, protocol: "tcp" as const })),
    since: options.since,
  });
  await runWait(strategy, target, options);
}
