/** What a watcher does after its owner's death: removing, and waiting for what the daemon was still about to make. */
import { setTimeout as delay } from "node:timers/promises";
import type { DockerClient } from "../docker-client.js";
import { removeSession } from "./remove-session.js";

/** A request that the owner sent before it died may still be carried out: daemons finish what they began. */
const QUIET_MS = 10_000;
/** A removal that was refused is tried again: the daemon may be in the middle of starting the container. */
const RETRY_MS = 500;
/** A daemon that is away may be back in a moment. */
const RECONNECT_MS = 1000;
const GIVE_UP_MS = 120_000;

/** Ends when nothing of the session came up for a while, or when the daemon stays away. Never throws. */
export async function removeUntilQuiet(connect: () => Promise<DockerClient>, session: string): Promise<void> {
  const deadline = Date.now() + GIVE_UP_MS;
  while (Date.now() < deadline) {
    const client = await connect().catch(() => undefined);
    try {
      if (client) return await removeAndWatch(client, session, deadline);
    } catch {
      // The daemon went away.
    } finally {
      await client?.close();
    }
    await delay(RECONNECT_MS);
  }
}

async function removeAndWatch(client: DockerClient, session: string, deadline: number): Promise<void> {
  const over = new AbortController();
  const creations = new Creations(client, over.signal);
  try {
    for (let quiet = false; Date.now() < deadline; ) {
      const { found, failures } = await removeSession(client, session);
      if (quiet && found === 0) return;
      quiet = await creations.none(failures.length > 0 ? RETRY_MS : QUIET_MS);
    }
  } finally {
    over.abort();
  }
}

/** Tells when something is made at the daemon, whatever it is: not every daemon tells events of everything apart by label. */
class Creations {
  #seen = false;
  #wake: (() => void) | undefined;

  constructor(client: DockerClient, signal: AbortSignal) {
    // Without events there is the look at the end of the quiet time.
    this.#follow(client, signal).catch(() => {});
  }

  /** True when nothing was made for so long; false as soon as something is, or was since the last call. */
  async none(ms: number): Promise<boolean> {
    const waited = new AbortController();
    if (!this.#seen) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([woken, delay(ms, undefined, { signal: waited.signal }).catch(() => {})]);
      waited.abort();
    }
    const quiet = !this.#seen;
    this.#seen = false;
    return quiet;
  }

  async #follow(client: DockerClient, signal: AbortSignal): Promise<void> {
    const filters = JSON.stringify({ event: ["create"] });
    const { body } = await client.stream("GET", "/events", { doing: "Following what is created", query: { filters }, signal });
    for await (const _event of body) {
      this.#seen = true;
      this.#wake?.();
    }
  }
}
