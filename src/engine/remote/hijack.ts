/** Requests that end in the connection itself (Engine API, "ContainerAttach", hijacking), over undici. */
import type { Duplex } from "node:stream";
import type { Dispatcher } from "undici";

export interface HijackRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** The protocol that the connection is for. */
  readonly upgrade: string;
  readonly body: string | undefined;
  /** Ends the attempt; the connection itself is the caller's. */
  readonly signal: AbortSignal | undefined;
}

/** undici's own `upgrade()` drops the body of an answer that refuses, and with it the daemon's reason. */
export function hijack(
  dispatcher: Dispatcher,
  { path, headers, upgrade, body, signal }: HijackRequest,
): Promise<{ readonly socket: Duplex } | { readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    let status = 0;
    let controller: Dispatcher.DispatchController | undefined;
    const chunks: Buffer[] = [];
    const onAbort = (): void => controller?.abort(signal?.reason ?? new Error("aborted"));
    signal?.addEventListener("abort", onAbort, { once: true });
    const over = (): void => signal?.removeEventListener("abort", onAbort);
    dispatcher.dispatch(
      { path, method: "POST", upgrade, headers: { ...headers } as Record<string, string | string[]>, body: body ?? null },
      {
        onRequestStart(started) {
          controller = started;
          if (signal?.aborted) onAbort();
        },
        onRequestUpgrade(_controller, _status, _headers, socket) {
          over();
          socket.on("error", () => {}); // whoever reads it hears of it; until then nobody does
          resolve({ socket });
        },
        onResponseStart(_controller, code) {
          status = code;
        },
        onResponseData(_controller, chunk) {
          chunks.push(chunk);
        },
        onResponseEnd() {
          over();
          resolve({ status, text: Buffer.concat(chunks).toString() });
        },
        onResponseError(_controller, error) {
          over();
          reject(error);
        },
      },
    );
  });
}
