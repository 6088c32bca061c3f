/** `Wait.forListeningPorts()`: ready when every exposed port listens where published ports can reach it. */
import type { ListeningSocket } from "../engine/engine.js";
import { type WaitAttempt, WaitStrategy } from "./wait-strategy.js";
import { type PortNumber, portText } from "./wait-target.js";

export class ListeningPortsWait extends WaitStrategy {
  readonly description = "listening ports";
  readonly #ports: readonly PortNumber[] | undefined;

  /** @param ports @default all that are exposed */
  constructor(ports?: readonly PortNumber[]) {
    super();
    this.#ports = ports;
  }

  override async waitUntilReady(attempt: WaitAttempt): Promise<void> {
    const { target, signal } = attempt;
    const wanted = this.#ports ?? target.exposedPorts;
    let seen: readonly ListeningSocket[] = [];
    attempt.explainTimeout(() => ({
      evidence: [`Wanted: ${wanted.map(portText).join(", ")}`, `Listening instead: ${seen.map(describe).join(", ") || "nothing"}`],
      remedy: seen.some((socket) => !socket.reachable)
        ? "Let the service listen on 0.0.0.0: its loopback address can't be reached from outside."
        : undefined,
    }));
    await target.waitListening(wanted, signal, (sockets) => {
      seen = sockets;
      attempt.step(`listening: ${sockets.map(describe).join(", ") || "nothing"}`);
    });
  }
}

function describe({ address, port, protocol, reachable }: ListeningSocket): string {
  return `${address}:${port}/${protocol}${reachable ? "" : " (loopback only)"}`;
}
