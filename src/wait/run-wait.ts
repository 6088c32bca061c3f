/** Runs a strategy against a container: time-out, abort, the container's exit, and the story that every failure tells. */
import { abortError, CaissonError, foldRepeats, throwIfAborted } from "../engine/errors.js";
import { DEFAULT_STARTUP_TIMEOUT_MS, type TimeoutExplanation, type WaitAttempt, WaitFailure, type WaitStrategy } from "./wait-strategy.js";
import type { WaitTarget } from "./wait-target.js";

const LOG_TAIL_LINES = 20;

export interface RunWaitOptions {
  /** @default 60,000 */
  readonly startupTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Story {
  readonly steps: string[];
  readonly explanations: (() => TimeoutExplanation)[];
}

/** @throws WAIT_TIMEOUT, WAIT_FAILED, CONTAINER_EXITED, ABORTED */
export async function runWait(strategy: WaitStrategy, target: WaitTarget, options: RunWaitOptions = {}): Promise<void> {
  throwIfAborted("start", options.signal);
  const story: Story = { steps: [], explanations: [] };
  const timeoutMs = strategy.startupTimeoutMs ?? options.startupTimeoutMs ?? DEFAULT_STARTUP_TIMEOUT_MS;
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(new TimeUp()), timeoutMs);
  const onAbort = (): void => over.abort(options.signal?.reason);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  const stopped = new Promise<never>((_, reject) => {
    over.signal.addEventListener("abort", () => reject(over.signal.reason), { once: true });
  });
  stopped.catch(() => {});
  const exited = target.exited(over.signal).then((exit) => {
    throw new Exited(exit);
  });
  exited.catch(() => {});
  try {
    await Promise.race([strategy.waitUntilReady(attemptOf(target, over.signal, story)), exited, stopped]);
  } catch (error) {
    if (options.signal?.aborted) throw abortError("start", options.signal);
    throw await explain(error, strategy, target, timeoutMs, story, exited);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
    over.abort(new TimeUp());
  }
}

class TimeUp extends Error {}

class Exited extends Error {
  constructor(readonly exit: Awaited<ReturnType<WaitTarget["exited"]>>) {
    super("the container exited");
  }
}

function attemptOf(target: WaitTarget, signal: AbortSignal, story: Story): WaitAttempt {
  const attempt: WaitAttempt = {
    target,
    signal,
    step: (line) => void story.steps.push(line),
    explainTimeout: (explanation) => void story.explanations.push(explanation),
    run: (strategy) => strategy.waitUntilReady(attempt),
  };
  return attempt;
}

async function explain(
  error: unknown,
  strategy: WaitStrategy,
  target: WaitTarget,
  timeoutMs: number,
  story: Story,
  exited: Promise<never>,
): Promise<unknown> {
  const steps = foldRepeats(story.steps);
  const logTail = await target.logTail(LOG_TAIL_LINES);
  const log = logTail.length > 0 ? ["Last log lines:", ...logTail.map((line) => `  ${line}`)] : ["It has logged nothing."];
  const waitingFor = strategy.description;
  const name = `Container ${target.name} (${target.image})`;
  // A log that ends or a port that closes because the container went is not the strategy's finding but the exit's.
  const exit = error instanceof Exited ? error : await justExited(exited);
  if (exit) {
    const { exitCode, signal, oomKilled } = exit.exit;
    const how = `${signal === undefined ? `exit code ${exitCode}` : `signal ${signal}`}${oomKilled ? ", out of memory" : ""}`;
    return new CaissonError("CONTAINER_EXITED", `${name} ended with ${how} while waiting for ${waitingFor}`, {
      facts: { containerId: target.id, waitingFor, steps, logTail, exitCode, signal, oomKilled },
      evidence: [...steps, ...log],
      remedy: oomKilled ? "Give it more memory." : undefined,
    });
  }
  if (error instanceof TimeUp) {
    const explanations = story.explanations.map((explanation) => explanation());
    return new CaissonError("WAIT_TIMEOUT", `${name} was not ready within ${timeoutMs} ms: waiting for ${waitingFor}`, {
      facts: { waitingFor, timeoutMs, steps, logTail },
      evidence: [...explanations.flatMap(({ evidence }) => evidence), ...steps, ...log],
      remedy: explanations.find(({ remedy }) => remedy !== undefined)?.remedy,
    });
  }
  if (!(error instanceof WaitFailure)) return error;
  return new CaissonError("WAIT_FAILED", `${name} will not become ready: ${error.message}`, {
    facts: { waitingFor, steps, logTail },
    cause: error,
    evidence: [...error.evidence, ...steps, ...log],
    remedy: error.remedy,
  });
}

/** The exit and its consequences arrive as separate events, a moment apart. */
async function justExited(exited: Promise<never>): Promise<Exited | undefined> {
  const moment = new Promise<undefined>((resolve) => setTimeout(resolve, 20, undefined));
  return Promise.race([exited.catch((error: unknown) => (error instanceof Exited ? error : undefined)), moment]);
}
