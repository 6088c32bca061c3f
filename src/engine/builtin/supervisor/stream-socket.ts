/** The connection behind one stream of the supervisor's. */
import { Socket } from "node:net";

/** How a connection fails that nobody takes up any more. */
const GONE: readonly string[] = ["EPIPE", "ECONNRESET", "ECONNREFUSED", "ENOENT"];

/** A process that is killed closes its connections first, and leaves its namespaces before anybody is told of its end: on a busy machine, that takes a while. */
const PATIENCE_MS = 15_000;

/** One that fails before the supervisor has taken it up says why there is no supervisor; later resets are how pipes end. */
export class StreamSocket extends Socket {
  readonly #death: Promise<Error | undefined>;
  readonly #patienceMs: number;
  #named = false;
  #nameLength = 0;

  /**
   * @param death resolves at the supervisor's end, with the reason
   * @param patienceMs how long a connection that fails waits for that
   */
  constructor(death: Promise<Error | undefined>, patienceMs = PATIENCE_MS) {
    super({ allowHalfOpen: true });
    this.#death = death;
    this.#patienceMs = patienceMs;
  }

  /** Connects, and says which stream this is. */
  open(address: string, token: Uint8Array): void {
    this.#nameLength = token.byteLength;
    this.connect({ path: address });
    this.write(token, (error) => {
      this.#named = !error;
    });
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const end = (reason: Error | null): void => super._destroy(reason, callback);
    if (error === null || this.#isTakenUp(error) || !GONE.includes((error as NodeJS.ErrnoException).code ?? "")) {
      end(error);
      return;
    }
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, this.#patienceMs, undefined).unref());
    void Promise.race([this.#death, late]).then((death) => end(death ?? error));
  }

  /** What was written may never have been read: then the other end's close is a reset for who reads, though there was nothing but the name (unix(7)). */
  #isTakenUp({ syscall }: NodeJS.ErrnoException): boolean {
    return this.#named && !(syscall === "read" && this.bytesRead === 0 && this.bytesWritten <= this.#nameLength);
  }
}
