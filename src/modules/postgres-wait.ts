/**
 * Ready when PostgreSQL accepts sessions. A listening port says too little: from listening until recovery is done the server
 * answers every session with 57P03 (cannot_connect_now). So a session is begun, as far as the request for a password.
 */
import { connect } from "node:net";
import { pollUntil } from "../wait/poll.js";
import { type WaitAttempt, WaitStrategy } from "../wait/wait-strategy.js";

/** Protocol 3.0 (PostgreSQL documentation, "Message Formats"). */
const PROTOCOL_VERSION = 196_608;
const CANNOT_CONNECT_NOW = "57P03";
const ANSWER_TIMEOUT_MS = 1000;

export class PostgresWait extends WaitStrategy {
  readonly description = "PostgreSQL to accept sessions";
  readonly #port: number;

  /** @param port of the container */
  constructor(port: number) {
    super();
    this.#port = port;
  }

  override async waitUntilReady({ target, signal, step }: WaitAttempt): Promise<void> {
    await target.waitListening([{ port: this.#port, protocol: "tcp" }], signal, (sockets) =>
      step(`listening: ${sockets.map(({ address, port }) => `${address}:${port}`).join(", ") || "nothing"}`),
    );
    const published = target.ports.find(({ containerPort, protocol }) => containerPort === this.#port && protocol === "tcp");
    if (!published) return;
    await pollUntil(
      async () => {
        const answer = await beginSession(target.host, published.hostPort, signal).catch((error: Error) => {
          signal.throwIfAborted();
          return error.message;
        });
        if (answer === undefined) return true;
        step(`no session yet: ${answer}`);
        return false;
      },
      { signal, firstMs: 2, steadyMs: 50 },
    );
  }
}

/** Undefined when the server is ready, whatever it thinks of us; otherwise what it said. */
function beginSession(host: string, port: number, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    const received: Buffer[] = [];
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`)));
    socket.once("connect", () => socket.write(startupMessage()));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the server closed the connection")));
    socket.on("data", (chunk) => {
      received.push(chunk);
      const message = Buffer.concat(received);
      const length = message.length < 5 ? Number.POSITIVE_INFINITY : 1 + message.readUInt32BE(1);
      if (message[0] !== 0x45 /* E */) resolve(undefined);
      else if (message.length < length) return;
      else resolve(message.includes(`C${CANNOT_CONNECT_NOW}\0`) ? errorText(message) : undefined);
      socket.destroy();
    });
  });
}

function startupMessage(): Buffer {
  const parameters = Buffer.from("user\0postgres\0database\0postgres\0\0");
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + parameters.length, 0);
  head.writeUInt32BE(PROTOCOL_VERSION, 4);
  return Buffer.concat([head, parameters]);
}

/** The field M of an ErrorResponse. */
function errorText(message: Buffer): string {
  const fields = message.subarray(5).toString("utf8").split("\0");
  return fields.find((field) => field.startsWith("M"))?.slice(1) ?? CANNOT_CONNECT_NOW;
}
