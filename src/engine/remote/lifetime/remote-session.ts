/** One engine's stay at a daemon: everything that it makes there carries its labels, and ends with it. */
import { randomUUID } from "node:crypto";
import { CaissonError } from "../../errors.js";
import type { DockerClient } from "../docker-client.js";
import { thisProcess } from "./process-identity.js";
import { removeSession } from "./remove-session.js";
import { sessionLabels } from "./session-labels.js";
import { sweepStaleSessions } from "./sweep-stale-sessions.js";
import { Watcher } from "./watcher.js";

type Labels = Readonly<Record<string, string>>;

/** Of a daemon that doesn't answer; the watcher takes over then. */
const CLOSE_MS = 30_000;

export class RemoteSession {
  readonly id = randomUUID();
  readonly #client: DockerClient;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #labels = sessionLabels(this.id, thisProcess());
  /** Nothing ends with it. */
  readonly lasting: boolean;
  readonly #pending = new Set<Promise<unknown>>();
  readonly #sweep = new AbortController();
  #watcher: Watcher | undefined;
  #closed = false;

  /** @param lasting it leaves no labels, and nobody watches */
  constructor(client: DockerClient, environment: NodeJS.ProcessEnv, lasting = false) {
    this.#client = client;
    this.#environment = environment;
    this.lasting = lasting;
  }

  /** Removes, beside whatever else is done, what sessions that ended have left. */
  sweep(): void {
    sweepStaleSessions(this.#client, this.#sweep.signal).catch(() => {}); // the next session tries again
  }

  /**
   * Everything that should end with the session is made in here. The watcher comes first: who dies in the middle of a request has made
   * something all the same.
   * @param labels the user's
   * @param create makes the thing, with the labels that it is given
   */
  creating<T>(labels: Labels | undefined, create: (labels: Labels) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new CaissonError("SESSION_CLOSED", "The engine is closed", { facts: { what: "engine" } }));
    if (this.lasting) return create({ ...labels });
    const { host, tls } = this.#client;
    this.#watcher ??= Watcher.start({ host, tls, session: this.id }, this.#environment);
    const made = create({ ...labels, ...this.#labels });
    const pending = made.catch(() => {}).finally(() => this.#pending.delete(pending));
    this.#pending.add(pending);
    return made;
  }

  /** Removes everything; what a daemon that stopped answering keeps is left to the watcher. Never throws. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#sweep.abort();
    const watcher = this.#watcher;
    if (!watcher) return;
    this.#watcher = undefined;
    if (await this.#remove()) watcher.dismiss();
    else watcher.handOver();
  }

  async #remove(): Promise<boolean> {
    const signal = AbortSignal.timeout(CLOSE_MS);
    const timeUp = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    await Promise.race([Promise.all(this.#pending), timeUp]);
    try {
      return (await removeSession(this.#client, this.id, signal)).failures.length === 0;
    } catch {
      return false;
    }
  }
}
