/** The strategies by the names that users know. */
import { AllWait } from "./wait-for-all.js";
import { LogMessageWait } from "./wait-for-log.js";
import { ListeningPortsWait } from "./wait-for-ports.js";
import type { WaitStrategy } from "./wait-strategy.js";

export const Wait = {
  /** Every exposed port listens. */
  forListeningPorts: (): WaitStrategy => new ListeningPortsWait(),
  /** A line with this text, or that matches this expression, has appeared so many times. @throws OPTION_INVALID */
  forLogMessage: (message: string | RegExp, times = 1): WaitStrategy => new LogMessageWait(message, times),
  /** All of them are ready. */
  forAll: (strategies: readonly WaitStrategy[]): WaitStrategy => new AllWait(strategies),
};
