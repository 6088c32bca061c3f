/** `Wait.forHealthCheck()`: ready when the container's health check says so, failed when it says the opposite. */
import { type WaitAttempt, WaitFailure, WaitStrategy } from "./wait-strategy.js";

export class HealthCheckWait extends WaitStrategy {
  readonly description = "its health check";

  override async waitUntilReady({ target, signal, step }: WaitAttempt): Promise<void> {
    for await (const state of target.health(signal)) {
      if (!state) {
        throw new WaitFailure("it has no health check", {
          remedy: "Give it one with withHealthCheck(), or wait for something else.",
        });
      }
      const last = state.log.at(-1);
      if (last) step(`health check: exit code ${last.exitCode}${last.output ? `: ${last.output.trim()}` : ""}`);
      if (state.status === "healthy") return;
      if (state.status === "unhealthy") throw new WaitFailure(`its health check failed ${state.failingStreak} times in a row`);
    }
  }
}
