/** Runs a strategy against a container: time-out, abort, the container's exit, and the story that every failure tells. */
import type { ContainerExit } from "../engine/engine.js";
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
  const inheritedMs = options.startupTimeoutMs ?? DEFAULT_STARTUP_TIMEOUT_MS;
  try {
    await runStrategy(strategy, { target, story, inheritedMs, parent: options.signal });
  } catch (error) {
    if (options.signal?.aborted) throw abortError("start", options.signal);
    throw await explain(error, strategy, target, story);
  }
}

interface StrategyContext {
  readonly target: WaitTarget;
  readonly story: Story;
  /** Time-out of strategies that set none. */
  readonly inheritedMs: number;
  readonly parent: AbortSignal | undefined;
}

/** A composed strategy hands its time-out on to its parts; only a deadline limits it as a whole. */
async function runStrategy(strategy: WaitStrategy, { target, story, inheritedMs, parent }: StrategyContext): Promise<void> {
  const own = strategy.startupTimeoutMs ?? inheritedMs;
  const timeoutMs = strategy.composed ? strategy.deadlineMs : own;
  const over = new AbortController();
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => over.abort(new TimeUp(timeoutMs)), timeoutMs);
  const onAbort = (): void => over.abort(parent?.reason);
  if (parent?.aborted) onAbort();
  parent?.addEventListener("abort", onAbort, { once: true });
  const stopped = new Promise<never>((_, reject) => {
    const stop = (): void => reject(over.signal.reason);
    if (over.signal.aborted) stop();
    else over.signal.addEventListener("abort", stop, { once: true });
  });
  stopped.catch(() => {});
  const attempt: WaitAttempt = {
    target,
    signal: over.signal,
    step: (line) => void story.steps.push(line),
    explainTimeout: (explanation) => void story.explanations.push(explanation),
    run: (part) => runStrategy(part, { target, story, inheritedMs: own, parent: over.signal }),
  };
  try {
    const rivals = strategy.composed || strategy.readsExit ? [] : [exitOf(target, over.signal)];
    await Promise.race([strategy.waitUntilReady(attempt), stopped, ...rivals]);
  } finally {
    clearTimeout(timer);
    parent?.removeEventListener("abort", onAbort);
    over.abort(new TimeUp(timeoutMs ?? own));
  }
}

class TimeUp extends Error {
  constructor(readonly timeoutMs: number) {
    super(`not ready within ${timeoutMs} ms`);
  }
}

class Exited extends Error {
  constructor(readonly exit: ContainerExit) {
    super("the container exited");
  }
}

function exitOf(target: WaitTarget, signal: AbortSignal): Promise<never> {
  const exited = target.exited(signal).then((exit) => {
    throw new Exited(exit);
  });
  exited.catch(() => {});
  return exited;
}

async function explain(error: unknown, strategy: WaitStrategy, target: WaitTarget, story: Story): Promise<unknown> {
  const steps = foldRepeats(story.steps);
  const logTail = await target.logTail(LOG_TAIL_LINES);
  // It may be gone, and all that was known of it.
  const notices = await target.notices().catch(() => []);
  const log = logTail.length > 0 ? ["Last log lines:", ...logTail.map((line) => `  ${line}`)] : ["It has logged nothing."];
  const waitingFor = strategy.description;
  const name = `Container ${target.name} (${target.image})`;
  // A log that ends or a port that closes because the container went is not the strategy's finding but the exit's.
  const exit = error instanceof Exited ? error : strategy.readsExit ? undefined : await justExited(target);
  if (exit) {
    const { exitCode, signal, oomKilled } = exit.exit;
    const how = `${signal === undefined ? `exit code ${exitCode}` : `signal ${signal}`}${oomKilled ? ", out of memory" : ""}`;
    return new CaissonError("CONTAINER_EXITED", `${name} ended with ${how} while waiting for ${waitingFor}`, {
      facts: { containerId: target.id, waitingFor, steps, logTail, exitCode, signal, oomKilled },
      evidence: [...notices, ...steps, ...log],
      remedy: oomKilled ? "Give it more memory." : undefined,
    });
  }
  if (error instanceof TimeUp) {
    const explanations = story.explanations.map((explanation) => explanation());
    return new CaissonError("WAIT_TIMEOUT", `${name} was not ready within ${error.timeoutMs} ms: waiting for ${waitingFor}`, {
      facts: { waitingFor, timeoutMs: error.timeoutMs, steps, logTail },
      evidence: [...explanations.flatMap(({ evidence }) => evidence), ...notices, ...steps, ...log],
      remedy: explanations.find(({ remedy }) => remedy !== undefined)?.remedy,
    });
  }
  if (!(error instanceof WaitFailure)) return error;
  return new CaissonError("WAIT_FAILED", `${name} will not become ready: ${error.message}`, {
    facts: { waitingFor, steps, logTail },
    cause: error,
    evidence: [...error.evidence, ...notices, ...steps, ...log],
    remedy: error.remedy,
  });
}

/** The exit and its consequences arrive as separate events, a moment apart. */
async function justExited(target: WaitTarget): Promise<Exited | undefined> {
  const over = new AbortController();
  const moment = new Promise<undefined>((resolve) => setTimeout(resolve, 20, undefined));
  try {
    return await Promise.race([
      exitOf(target, over.signal).catch((error: unknown) => (error instanceof Exited ? error : undefined)),
      moment,
    ]);
  } finally {
    over.abort();
  }
}
