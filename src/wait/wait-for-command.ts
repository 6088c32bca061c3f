/** `Wait.forSuccessfulCommand()`: ready when a command in the container exits with 0. */
import { pollUntil } from "./poll.js";
import { type WaitAttempt, WaitStrategy } from "./wait-strategy.js";

export class CommandWait extends WaitStrategy {
  readonly description: string;
  readonly #command: readonly string[];

  /** @param command a line for /bin/sh, or an argument vector that needs no shell */
  constructor(command: string | readonly string[]) {
    super();
    this.#command = typeof command === "string" ? ["/bin/sh", "-c", command] : command;
    this.description = `the command ${JSON.stringify(typeof command === "string" ? command : command.join(" "))}`;
  }

  override async waitUntilReady({ target, signal, step }: WaitAttempt): Promise<void> {
    await pollUntil(
      async () => {
        const { exitCode, output } = await target.exec(this.#command, signal);
        if (exitCode === 0) return true;
        const last = output.trim().split("\n").at(-1) ?? "";
        step(`exit code ${exitCode}${last ? `: ${last}` : ""}`);
        return false;
      },
      { signal },
    );
  }
}
