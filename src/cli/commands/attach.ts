import { CaissonError } from "../../engine/errors.js";
import { defineCommand } from "../command.js";
import { followContainer } from "../follow-container.js";

export const DETACH_KEYS_OPTION = { type: "string", value: "KEYS", help: "default: ctrl-p,ctrl-q" } as const;
export const SIG_PROXY_OPTION = { type: "boolean", help: "pass signals on to the container, as always; =false for not" } as const;

export const attach = defineCommand({
  name: "attach",
  summary: "Connect this terminal with a running container, and return its exit code",
  operands: "CONTAINER",
  least: 1,
  most: 1,
  handlesSignals: true,
  options: {
    "no-stdin": { type: "boolean", help: "leave the standard input alone" },
    "sig-proxy": SIG_PROXY_OPTION,
    "detach-keys": DETACH_KEYS_OPTION,
  },
  async run({ values, operands: [name = ""], terminal, lasting }) {
    const { containers } = await lasting();
    const { id, state, config } = await containers.inspect(name);
    if (!state.running)
      throw new CaissonError("CONTAINER_NOT_RUNNING", `Container ${name} does not run: start it first`, {
        facts: { containerId: id, status: state.status },
      });
    const code = await followContainer(containers, id, terminal, {
      interactive: config.openStdin && !values["no-stdin"],
      tty: config.tty,
      detachKeys: values["detach-keys"],
      sigProxy: (values["sig-proxy"] ?? true) && !config.tty,
    });
    return code === "detached" ? 0 : code;
  },
});
