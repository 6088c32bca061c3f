/** The connection behind one stream of the supervisor's. */
import { Socket } from "node:net";

/** How a connection fails that nobody takes up any more. */
const GONE: readonly string[] = ["EPIPE", "ECONNRESET", "ECONNREFUSED", "ENOENT"];

/** What the supervisor's end tells comes after what its connections tell, but at once. */
const PATIENCE_MS = 1000;

/** One that fails before the supervisor has taken it up says why there is no supervisor; later resets are how pipes end. */
export class StreamSocket extends Socket {
  readonly #death: Promise<Error | undefined>;
  #named = false;
  #nameLength = 0;

  /** @param death resolves at the supervisor's end, with the reason */
  constructor(death: Promise<Error | undefined>) {
    super({ allowHalfOpen: true });
    this.#death = death;
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
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS, undefined).unref());
    void Promise.race([this.#death, late]).then((death) => end(death ?? error));
  }

  /** What was written may never have been read: then the other end's close is a reset for who reads, though there was nothing but the name (unix(7)). */
  #isTakenUp({ syscall }: NodeJS.ErrnoException): boolean {
    return this.#named && !(syscall === "read" && this.bytesRead === 0 && this.bytesWritten <= this.#nameLength);
  }
}
