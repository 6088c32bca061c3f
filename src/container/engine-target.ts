/** What wait strategies see of a container, over the engine's contract. */
import { text } from "node:stream/consumers";
import type { Engine, HealthState } from "../engine/engine.js";
import { CaissonError } from "../engine/errors.js";
import { logLines } from "../wait/log-lines.js";
import type { PortNumber, WaitTarget } from "../wait/wait-target.js";

export interface TargetFacts {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly exposedPorts: readonly PortNumber[];
  readonly ports: WaitTarget["ports"];
  /** Log lines before it belong to an earlier run. */
  readonly since?: Date | undefined;
}

export function engineTarget(engine: Pick<Engine, "containers" | "events" | "host">, facts: TargetFacts): WaitTarget {
  const { containers } = engine;
  const { id, since } = facts;
  return {
    ...facts,
    host: engine.host === "localhost" ? "127.0.0.1" : engine.host,
    logs: (signal) => logLines(containers.logs(id, { follow: true, since, signal })),
    logTail: async (lines) => {
      const tail: string[] = [];
      for await (const { line } of logLines(containers.logs(id, { tail: lines, since }))) tail.push(line);
      return tail.slice(-lines);
    },
    notices: async () => {
      const { refusedHostPorts = [] } = await containers.inspect(id);
      return refusedHostPorts.map(
        (port) => `It was refused port ${port} of this host, which is not exposed to it: withExposedHostPorts(${port}).`,
      );
    },
    exec: async (command, signal) => {
      const process = await containers.exec(id, { command, signal });
      const [stdout, stderr, { exitCode }] = await Promise.all([text(process.stdout), text(process.stderr), process.exit]);
      return { exitCode, output: stdout + stderr };
    },
    waitListening: (ports, signal, observe) => containers.waitListening(id, { ports, signal, observe }),
    health: (signal) => healthOf(engine, id, signal),
    readFile: async (path, { signal }) => {
      try {
        const { tarEntries } = await import("../engine/build-context/tar-entries.js");
        for await (const entry of tarEntries(await containers.copyOut(id, path, { signal }))) return Buffer.from(await text(entry));
        return undefined;
      } catch (error) {
        if (error instanceof CaissonError && error.code === "PATH_NOT_FOUND") return undefined;
        throw error;
      }
    },
    exited: (signal) => containers.wait(id, { signal }),
  };
}

async function* healthOf(
  engine: Pick<Engine, "containers" | "events">,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<HealthState | undefined> {
  const { containers } = engine;
  const changes = engine.events({ signal, type: "container" });
  yield (await containers.inspect(id)).state.health;
  for await (const event of changes) {
    if (event.id === id && event.action.startsWith("health_status")) yield (await containers.inspect(id)).state.health;
  }
}
