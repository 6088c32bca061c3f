/**
 * Ready when a service answers like one that is. A listening port says too little of those that listen before they serve: so they are
 * spoken to in their own protocol, as far as it takes to tell.
 */
import { connect } from "node:net";
import { pollUntil } from "../wait/poll.js";
import { type WaitAttempt, WaitStrategy } from "../wait/wait-strategy.js";

/** What is said to a service, and what its answer means. Pure. */
export interface Greeting {
  /** To end the sentence "waiting for ...". */
  readonly description: string;
  /** Said first; empty where the server begins. */
  readonly hello: Uint8Array;
  /**
   * @param answer all that came so far, at least one byte
   * @returns undefined when it says too little yet
   */
  readonly judge: (answer: Buffer) => Verdict | undefined;
}

/** Whatever a service says of who asks, it is ready unless it says that it is not. */
export type Verdict = { readonly ready: true } | { readonly ready: false; readonly why: string };

export const READY: Verdict = { ready: true };

export const notReady = (why: string): Verdict => ({ ready: false, why });

const ANSWER_TIMEOUT_MS = 1000;

export class GreetingWait extends WaitStrategy {
  readonly description: string;
  readonly #port: number;
  readonly #greeting: Greeting;

  /** @param port of the container */
  constructor(port: number, greeting: Greeting) {
    super();
    this.description = greeting.description;
    this.#port = port;
    this.#greeting = greeting;
  }

  override async waitUntilReady({ target, signal, step }: WaitAttempt): Promise<void> {
    await target.waitListening([{ port: this.#port, protocol: "tcp" }], signal, (sockets) =>
      step(`listening: ${sockets.map(({ address, port }) => `${address}:${port}`).join(", ") || "nothing"}`),
    );
    const published = target.ports.find(({ containerPort, protocol }) => containerPort === this.#port && protocol === "tcp");
    if (!published) return;
    await pollUntil(
      async () => {
        const verdict = await greet(target.host, published.hostPort, this.#greeting, signal).catch((error: Error) => {
          signal.throwIfAborted();
          return notReady(error.message);
        });
        if (!verdict.ready) step(`not ready yet: ${verdict.why}`);
        return verdict.ready;
      },
      { signal, firstMs: 2, steadyMs: 50 },
    );
  }
}

function greet(host: string, port: number, { hello, judge }: Greeting, signal: AbortSignal): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    let answer = Buffer.alloc(0);
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`)));
    socket.once("connect", () => socket.write(hello));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the server closed the connection")));
    socket.on("data", (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      const verdict = judge(answer);
      if (!verdict) return;
      resolve(verdict);
      socket.destroy();
    });
  });
}
