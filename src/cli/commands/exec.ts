import { defineCommand } from "../command.js";
import { connectTerminal } from "../connect-terminal.js";
import { variables } from "../container-spec-from-flags.js";
import { DETACH_KEYS_OPTION } from "./attach.js";

/** Docker's, where the tool itself fails; 126 and 127 are a command's that can't be executed. */
const FAILURE_CODE = 1;

export const exec = defineCommand({
  name: "exec",
  summary: "Run one more command in a running container, and return its exit code",
  operands: "CONTAINER COMMAND [ARGUMENT...]",
  least: 2,
  most: Number.POSITIVE_INFINITY,
  stopsAtOperand: true,
  failureCode: FAILURE_CODE,
  options: {
    interactive: { type: "boolean", short: "i", help: "connect the standard input" },
    tty: { type: "boolean", short: "t", help: "give it a terminal" },
    detach: { type: "boolean", short: "d", help: "do not wait for its end" },
    env: { type: "string", short: "e", multiple: true, value: "NAME[=VALUE]", help: "set a variable; without a value, this shell's" },
    "env-file": { type: "string", multiple: true, value: "FILE", help: "set the variables of a file, one NAME=VALUE a line" },
    workdir: { type: "string", short: "w", value: "PATH", help: "working directory" },
    user: { type: "string", short: "u", value: "USER[:GROUP]", help: "run as this user" },
    privileged: { type: "boolean", help: "every capability" },
    "detach-keys": DETACH_KEYS_OPTION,
  },
  async run({ values, operands: [container = "", ...command], terminal, lasting, environment, signal }) {
    const { interactive = false, tty = false, detach = false } = values;
    const env = variables(values, environment);
    const { containers } = await lasting();
    const running = await containers.exec(container, {
      command,
      env,
      workingDir: values.workdir,
      user: values.user,
      privileged: values.privileged,
      tty,
      stdin: interactive && !detach,
      detachKeys: values["detach-keys"],
      ...(detach ? {} : { signal }),
    });
    if (detach) return 0;
    const connection = connectTerminal(terminal, running, { interactive, tty });
    try {
      await connection.resize();
      if ((await running.end) === "detach") return 0;
      const { exitCode } = await running.exit;
      await connection.drained;
      return exitCode;
    } finally {
      connection.close();
    }
  },
});
