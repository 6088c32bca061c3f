import { constants } from "node:os";
import { CaissonError } from "../../engine/errors.js";
import { defineCommand } from "../command.js";
import { connectTerminal } from "../connect-terminal.js";
import { forwardSignals } from "../forward-signals.js";
import { UsageError } from "../usage.js";

export const attach = defineCommand({
  name: "attach",
  summary: "Connect this terminal with a running container, and return its exit code",
  operands: "CONTAINER",
  least: 1,
  most: 1,
  handlesSignals: true,
  options: {
    "no-stdin": { type: "boolean", help: "leave the standard input alone" },
    "sig-proxy": { type: "string", value: "true|false", help: "pass signals on to the container; default: true" },
    "detach-keys": { type: "string", value: "KEYS", help: "default: ctrl-p,ctrl-q" },
  },
  async run({ values, operands: [name = ""], terminal, lasting }) {
    const proxy = values["sig-proxy"] ?? "true";
    if (proxy !== "true" && proxy !== "false") throw new UsageError(`--sig-proxy takes true or false, not ${JSON.stringify(proxy)}`);
    const { containers } = await lasting();
    const { id, state, config } = await containers.inspect(name);
    if (!state.running)
      throw new CaissonError("CONTAINER_NOT_RUNNING", `Container ${name} does not run: start it first`, {
        facts: { containerId: id, status: state.status },
      });
    const interactive = config.openStdin && !values["no-stdin"];
    const streams = await containers.attach(id, { stdin: interactive, detachKeys: values["detach-keys"] });
    const signals = proxy === "true" && !config.tty ? forwardSignals((signal) => containers.kill(id, signal)) : undefined;
    // One that removes itself could not be asked afterwards.
    const exit = containers.wait(id);
    exit.catch(() => {});
    const connection = connectTerminal(terminal, streams, { interactive, tty: config.tty });
    try {
      await signals?.started();
      await connection.resize();
      if ((await streams.end) === "detach") return 0;
      await connection.drained;
      const { exitCode } = await exit;
      return signals?.forced === undefined ? exitCode : 128 + constants.signals[signals.forced];
    } finally {
      connection.close();
      signals?.stop();
      streams.detach();
    }
  },
});
