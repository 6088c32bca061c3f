/** Commands that change the state of the containers that they are given: one call of the contract each. */
import type { Engine } from "../../engine/engine.js";
import { type Command, defineCommand } from "../command.js";
import { eachOperand } from "../each-operand.js";
import { followContainer } from "../follow-container.js";
import { parseNumber } from "../quantities.js";
import { UsageError } from "../usage.js";
import { DETACH_KEYS_OPTION } from "./attach.js";

const MANY = { operands: "CONTAINER [CONTAINER...]", least: 1, most: Number.POSITIVE_INFINITY } as const;
const STOP_OPTIONS = {
  time: { type: "string", short: "t", value: "SECONDS", help: "from the stop signal to SIGKILL; default: the container's" },
  timeout: { type: "string", value: "SECONDS", help: "the same" },
  signal: { type: "string", short: "s", value: "SIGNAL", help: "instead of the container's" },
} as const;

interface StopValues {
  readonly time?: string | undefined;
  readonly timeout?: string | undefined;
  readonly signal?: string | undefined;
}

function stopOptions({ time, timeout = time, signal }: StopValues) {
  return { timeoutMs: timeout === undefined ? undefined : parseNumber("time", timeout) * 1000, signal };
}

const NO_CHECKPOINTS = "there are no checkpoints of running containers";

export const start = defineCommand({
  name: "start",
  summary: "Start containers that have ended",
  ...MANY,
  handlesSignals: true,
  options: {
    attach: { type: "boolean", short: "a", help: "connect this terminal with its output, and return its exit code" },
    interactive: { type: "boolean", short: "i", help: "connect the standard input, too" },
    "detach-keys": DETACH_KEYS_OPTION,
  },
  refuses: { checkpoint: NO_CHECKPOINTS, "checkpoint-dir": NO_CHECKPOINTS },
  async run({ values: { attach = false, interactive = false, "detach-keys": detachKeys }, operands, terminal, lasting }) {
    const { containers } = await lasting();
    if (!attach && !interactive) return eachOperand(operands, terminal, (name) => containers.start(name));
    const [name = "", ...others] = operands;
    if (others.length > 0) throw new UsageError("start: one container alone can be attached to");
    const { id, config } = await containers.inspect(name);
    const code = await followContainer(containers, id, terminal, {
      interactive: interactive && config.openStdin,
      tty: config.tty,
      detachKeys,
      sigProxy: !config.tty,
      begin: () => containers.start(id),
    });
    return code === "detached" ? 0 : code;
  },
});
export const pause = onEach("pause", "Freeze every process of containers", ({ containers }, name) => containers.pause(name));
export const unpause = onEach("unpause", "Let the processes of containers go on", ({ containers }, name) => containers.unpause(name));

export const stop = stopping("stop", "End containers, with time to clean up");
export const restart = stopping("restart", "End containers, and start them again");

export const kill = defineCommand({
  name: "kill",
  summary: "Send containers a signal",
  ...MANY,
  options: { signal: { type: "string", short: "s", value: "SIGNAL", help: "default: SIGKILL" } },
  async run({ values, operands, terminal, lasting }) {
    const { containers } = await lasting();
    return eachOperand(operands, terminal, (name) => containers.kill(name, values.signal));
  },
});

export const rm = defineCommand({
  name: "rm",
  summary: "Remove containers",
  ...MANY,
  options: {
    force: { type: "boolean", short: "f", help: "also those that run; what is not there is told, and no error" },
    volumes: { type: "boolean", short: "v", help: "with the volumes that nobody gave a name" },
  },
  refuses: { link: "containers have no links: networks have names for them" },
  async run({ values: { force = false, volumes = false }, operands, terminal, lasting }) {
    const { containers } = await lasting();
    const remove = (name: string): Promise<unknown> => containers.remove(name, { force, volumes });
    return eachOperand(operands, terminal, remove, force ? "CONTAINER_NOT_FOUND" : undefined);
  },
});

export const rename = defineCommand({
  name: "rename",
  summary: "Give a container another name",
  operands: "CONTAINER NAME",
  least: 2,
  most: 2,
  options: {},
  async run({ operands: [container = "", name = ""], lasting }) {
    await (await lasting()).containers.rename(container, name);
    return 0;
  },
});

export const wait = defineCommand({
  name: "wait",
  summary: "Wait until containers end, and print their exit codes",
  ...MANY,
  options: {},
  async run({ operands, terminal, lasting, signal }) {
    const { containers } = await lasting();
    return eachOperand(operands, terminal, async (name) => String((await containers.wait(name, { signal })).exitCode));
  },
});

function onEach(name: string, summary: string, work: (engine: Engine, container: string) => Promise<unknown>): Command {
  return defineCommand({
    name,
    summary,
    ...MANY,
    options: {},
    async run({ operands, terminal, lasting }) {
      const engine = await lasting();
      return eachOperand(operands, terminal, (container) => work(engine, container));
    },
  });
}

function stopping(name: "stop" | "restart", summary: string): Command {
  return defineCommand({
    name,
    summary,
    ...MANY,
    options: STOP_OPTIONS,
    async run({ values, operands, terminal, lasting }) {
      const options = stopOptions(values);
      const { containers } = await lasting();
      return eachOperand(operands, terminal, (container) => containers[name](container, options));
    },
  });
}
