import { constants } from "node:os";
import type { ContainerSpec, Engine } from "../../engine/engine.js";
import { type Call, defineCommand } from "../command.js";
import { connectTerminal } from "../connect-terminal.js";
import { forwardSignals } from "../forward-signals.js";
import { printLine } from "../terminal.js";
import { CREATE_OPTIONS, createContainer, FAILURE_CODE, specOfCall } from "./create.js";

export const run = defineCommand({
  name: "run",
  summary: "Run a command in a new container, and return its exit code",
  operands: "IMAGE [COMMAND] [ARGUMENT...]",
  least: 1,
  most: Number.POSITIVE_INFINITY,
  stopsAtOperand: true,
  handlesSignals: true,
  failureCode: FAILURE_CODE,
  options: {
    ...CREATE_OPTIONS,
    detach: { type: "boolean", short: "d", help: "leave it to the server, which is started when none runs, and print its id" },
    rm: { type: "boolean", help: "remove it when it ends; in the foreground, without networks and other containers, that is always so" },
  },
  async run(call) {
    const { detach = false, rm = false, interactive } = call.values;
    const spec = specOfCall(call);
    const served = detach || needsOthers(spec);
    const engine = await (served ? call.lasting() : call.engine());
    const id = await createContainer(engine, call, { ...spec, stdinOnce: interactive && !detach, autoRemove: detach && rm });
    if (!detach) return runInForeground(engine, id, call, { ...call.values, keep: served && !rm });
    await engine.containers.start(id);
    printLine(call.terminal, id);
    return 0;
  },
});

/** Networks with names and other containers are the server's. */
function needsOthers({ networks, networkMode, ipcMode, pidMode, volumesFrom = [] }: ContainerSpec): boolean {
  const joins = [networkMode, ipcMode, pidMode].some((mode) => mode?.startsWith("container:"));
  return networks !== undefined || joins || volumesFrom.length > 0;
}

interface ForegroundOptions {
  readonly interactive?: boolean | undefined;
  readonly tty?: boolean | undefined;
  /** Leave the container there when it has ended. */
  readonly keep: boolean;
}

async function runInForeground(
  engine: Engine,
  id: string,
  { terminal }: Pick<Call, "terminal">,
  { interactive = false, tty = false, keep }: ForegroundOptions,
): Promise<number> {
  const { containers } = engine;
  // Nothing would be left of what one detaches from.
  const streams = await containers.attach(id, { stdin: interactive, detachKeys: "" });
  // Before the start: a signal that comes in between must not end this process and leave the reader wondering.
  const signals = forwardSignals((signal) => containers.kill(id, signal));
  const exit = containers.wait(id, { condition: "next-exit" });
  exit.catch(() => {});
  const connection = connectTerminal(terminal, streams, { interactive, tty });
  try {
    await containers.start(id);
    await signals.started();
    await connection.resize();
    await exit;
    // Its restart policy may have it run again: the last exit is the one that counts.
    const { exitCode } = await containers.wait(id);
    await connection.drained;
    return signals.forced === undefined ? exitCode : 128 + constants.signals[signals.forced];
  } finally {
    connection.close();
    signals.stop();
    streams.detach();
    if (!keep) await containers.remove(id, { force: true }).catch(() => {});
  }
}
