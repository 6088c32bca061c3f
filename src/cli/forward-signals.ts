/** Passes signals on to a container that runs in the foreground, as `docker run --sig-proxy` does. */

const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;
/** A container may ignore what it is sent: the third wish of the user to end it is granted by force. */
const PATIENCE = 3;

export type ForwardedSignal = (typeof FORWARDED)[number];

export interface SignalForwarder {
  /** Signals that came before are passed on now. */
  started(): Promise<void>;
  /** The signal at which patience ended. */
  readonly forced: ForwardedSignal | undefined;
  stop(): void;
}

export function forwardSignals(send: (signal: NodeJS.Signals) => Promise<void>): SignalForwarder {
  let running = false;
  let wishes = 0;
  let forced: ForwardedSignal | undefined;
  const early: ForwardedSignal[] = [];
  const pass = (signal: ForwardedSignal): Promise<void> => {
    const ending = signal === "SIGINT" || signal === "SIGTERM";
    if (ending && ++wishes >= PATIENCE) forced = signal;
    // It may have ended in this moment: then its exit is on the way.
    return send(forced ? "SIGKILL" : signal).catch(() => {});
  };
  const receive = (signal: NodeJS.Signals): void => {
    if (running) void pass(signal as ForwardedSignal);
    else early.push(signal as ForwardedSignal);
  };
  for (const signal of FORWARDED) process.on(signal, receive);
  return {
    async started() {
      running = true;
      for (const signal of early.splice(0)) await pass(signal);
    },
    get forced() {
      return forced;
    },
    stop() {
      for (const signal of FORWARDED) process.off(signal, receive);
    },
  };
}
