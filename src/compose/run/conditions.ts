/** Waiting for what others need of a service: told by the engine's events and exits, never asked for again and again. */
import type { ContainerExit, Engine } from "../../engine/engine.js";
import { abortError, CaissonError } from "../../engine/errors.js";
import { logLines } from "../../wait/log-lines.js";

export interface Awaited {
  readonly service: string;
  readonly id: string;
  readonly name: string;
}

const TAIL_LINES = 20;

/** @throws SERVICE_FAILED when it becomes unhealthy, ends, or has no health check; ABORTED */
export async function untilHealthy(engine: Engine, container: Awaited, signal: AbortSignal): Promise<void> {
  await untilUp(engine, container, { signal, needsCheck: true, waitingFor: "its health check" });
}

/** Until its health check passes, where it has one; at once otherwise, as long as it runs. @throws SERVICE_FAILED, ABORTED */
export async function untilReady(engine: Engine, container: Awaited, signal: AbortSignal): Promise<void> {
  await untilUp(engine, container, { signal, needsCheck: false, waitingFor: "it to be ready" });
}

interface UpWait {
  readonly signal: AbortSignal;
  readonly needsCheck: boolean;
  readonly waitingFor: string;
}

async function untilUp(engine: Engine, container: Awaited, { signal, needsCheck, waitingFor }: UpWait): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  // Before the look: a change in between must not be missed.
  const changes = engine.events({ type: "container", signal: either });
  const health = async (): Promise<"healthy"> => {
    for (let first = true; ; first = false) {
      const { status, state } = first ? await look() : await next();
      if (status === "exited") return await new Promise<never>(() => {}); // its exit is told beside this
      if (!state) {
        if (!needsCheck) return "healthy";
        throw await failure(engine, container, { waitingFor, how: "has no health check", health: "none" });
      }
      if (state.status === "healthy") return "healthy";
      if (state.status === "unhealthy") {
        const output = state.log.at(-1)?.output.trim();
        const how = `is unhealthy: its check failed ${state.failingStreak} times in a row${output ? `, last with: ${output}` : ""}`;
        throw await failure(engine, container, { waitingFor, how, health: "unhealthy" });
      }
    }
  };
  const look = async () => {
    const { state } = await engine.containers.inspect(container.id);
    return { status: state.status, state: state.health };
  };
  const iterator = changes[Symbol.asyncIterator]();
  const next = async () => {
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) throw signal.aborted ? abortError(`Waiting for ${container.name}`, signal) : new Error("The engine's events have ended");
      if (value.id === container.id && /^(?:health_status|die)/.test(value.action)) return look();
    }
  };
  const exit = engine.containers.wait(container.id, { signal: either });
  const ended = exit.then(async (result) => {
    throw await failure(engine, container, { waitingFor, how: `ended with ${exitText(result)}`, exit: result });
  });
  ended.catch(() => {});
  try {
    await Promise.race([health(), ended]);
  } finally {
    over.abort();
  }
}

/** @throws SERVICE_FAILED when it ends with another code than 0; ABORTED */
export async function untilCompleted(engine: Engine, container: Awaited, signal: AbortSignal): Promise<void> {
  const exit = await engine.containers.wait(container.id, { signal });
  if (exit.exitCode === 0) return;
  throw await failure(engine, container, { waitingFor: "it to complete", how: `ended with ${exitText(exit)}`, exit });
}

interface Failure {
  readonly waitingFor: string;
  readonly how: string;
  readonly exit?: ContainerExit | undefined;
  readonly health?: string | undefined;
}

async function failure(
  engine: Engine,
  { service, id, name }: Awaited,
  { waitingFor, how, exit, health }: Failure,
): Promise<CaissonError<"SERVICE_FAILED">> {
  const logTail = await tailOf(engine, id);
  return new CaissonError("SERVICE_FAILED", `The service ${service} (container ${name}) ${how}`, {
    facts: { service, container: name, waitingFor, exitCode: exit?.exitCode, health, logTail },
    evidence: logTail.length > 0 ? ["Last log lines:", ...logTail.map((line) => `  ${line}`)] : ["Its log is empty."],
    ...(health === "none" ? { remedy: "Give it a healthcheck, or depend on service_started." } : {}),
  });
}

async function tailOf({ containers }: Engine, id: string): Promise<string[]> {
  const lines: string[] = [];
  try {
    for await (const { line } of logLines(containers.logs(id, { tail: TAIL_LINES }))) lines.push(line);
  } catch {
    // What has failed is told all the same.
  }
  return lines.slice(-TAIL_LINES);
}

function exitText({ exitCode, signal, oomKilled }: ContainerExit): string {
  return `${signal === undefined ? `exit code ${exitCode}` : `signal ${signal}`}${oomKilled ? ", out of memory" : ""}`;
}
