/** The strategies by the names that users know. */
import { AllWait } from "./wait-for-all.js";
import { AnyWait } from "./wait-for-any.js";
import { CommandWait } from "./wait-for-command.js";
import { ExitWait } from "./wait-for-exit.js";
import { type FileMatcher, FileWait } from "./wait-for-file.js";
import { HealthCheckWait } from "./wait-for-health.js";
import { HttpWait } from "./wait-for-http.js";
import { LogMessageWait } from "./wait-for-log.js";
import { ListeningPortsWait } from "./wait-for-ports.js";
import type { WaitStrategy } from "./wait-strategy.js";

/** Each ends at once, as a failure, when the container exits; each has `withStartupTimeout(ms)`. */
export const Wait = {
  /** Every exposed port listens, seen from outside the container: the image needs no shell. */
  forListeningPorts: (): WaitStrategy => new ListeningPortsWait(),
  /** A line with this text, or that matches this expression, has appeared so many times. @throws OPTION_INVALID */
  forLogMessage: (message: string | RegExp, times = 1): WaitStrategy => new LogMessageWait(message, times),
  /** The container's or the image's health check succeeds. */
  forHealthCheck: (): WaitStrategy => new HealthCheckWait(),
  /** A request to this port of the container, as published, is answered as expected. @throws OPTION_INVALID */
  forHttp: (path: string, port: number): HttpWait => new HttpWait(path, port),
  /** A command exits with 0: a line for /bin/sh, or an argument vector. */
  forSuccessfulCommand: (command: string | readonly string[]): WaitStrategy => new CommandWait(command),
  /** A path exists, and its content contains the text, matches the expression, or pleases the function. */
  forFile: (path: string, matcher?: FileMatcher): WaitStrategy => new FileWait(path, matcher),
  /** The container has done its work and exited with 0. */
  forOneShotStartup: (): WaitStrategy => new ExitWait(0),
  /** The container has exited, with this code if one is given. */
  forExit: (exitCode?: number): WaitStrategy => new ExitWait(exitCode),
  /** All of them are ready. */
  forAll: (strategies: readonly WaitStrategy[]): AllWait => new AllWait(strategies),
  /** One of them is ready. */
  forAny: (strategies: readonly WaitStrategy[]): WaitStrategy => new AnyWait(strategies),
};
