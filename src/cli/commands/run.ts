import { constants } from "node:os";
import type { Engine } from "../../engine/engine.js";
import { UnsupportedError } from "../../engine/errors.js";
import { type Call, defineCommand } from "../command.js";
import { connectTerminal } from "../connect-terminal.js";
import { CONTAINER_OPTIONS } from "../container-flags.js";
import { containerSpec } from "../container-spec-from-flags.js";
import { ensureImage } from "../ensure-image.js";
import { forwardSignals } from "../forward-signals.js";

/** Docker's: failures of the tool itself, so that every other code is the container's. */
const FAILURE_CODE = 125;

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
    ...CONTAINER_OPTIONS,
    interactive: { type: "boolean", short: "i", help: "connect the standard input" },
    tty: { type: "boolean", short: "t", help: "give it a terminal" },
    detach: { type: "boolean", short: "d", help: "needs a server; not yet" },
    rm: { type: "boolean", help: "as always: the container is removed when it ends" },
    pull: { type: "string", value: "missing|always|never", help: "when to fetch the image; default: missing" },
    quiet: { type: "boolean", short: "q", help: "no progress" },
  },
  async run(call) {
    const { values, operands, engine: open } = call;
    if (values.detach) {
      throw new UnsupportedError(
        "builtin",
        "run --detach",
        "containers end with the command that started them",
        "Run it in the foreground, or start it from a program that keeps running.",
      );
    }
    const [image = "", ...command] = operands;
    const spec = containerSpec(values, { image, command, environment: call.environment });
    const engine = await open();
    await ensureImage(engine, image, { ...values, terminal: call.terminal });
    const { id, warnings } = await engine.containers.create({
      ...spec,
      tty: values.tty,
      openStdin: values.interactive,
      stdinOnce: values.interactive,
    });
    for (const warning of warnings) call.terminal.stderr.write(`Warning: ${warning}\n`);
    return runInForeground(engine, id, call, values);
  },
});

async function runInForeground(
  engine: Engine,
  id: string,
  { terminal }: Pick<Call, "terminal">,
  { interactive = false, tty = false }: { readonly interactive?: boolean | undefined; readonly tty?: boolean | undefined },
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
    await containers.remove(id, { force: true }).catch(() => {});
  }
}
