import type { ContainerSpec } from "../../engine/engine.js";
import { defineCommand } from "../command.js";
import { followContainer } from "../follow-container.js";
import { REFUSED_CONTAINER_FLAGS } from "../refused-flags.js";
import { refuseKeptName } from "../server/refuse-kept-name.js";
import { printLine } from "../terminal.js";
import { UsageError } from "../usage.js";
import { DETACH_KEYS_OPTION, SIG_PROXY_OPTION } from "./attach.js";
import { CREATE_OPTIONS, createContainer, FAILURE_CODE, refuseRestartOfRemoved, specOfCall } from "./create.js";

const STREAMS = ["stdin", "stdout", "stderr"] as const;

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
    "sig-proxy": SIG_PROXY_OPTION,
    "detach-keys": { ...DETACH_KEYS_OPTION, help: "have it in the foreground of the server, and detach with these keys" },
  },
  refuses: REFUSED_CONTAINER_FLAGS,
  async run(call) {
    const { detach = false, rm = false, interactive = false, tty = false, "detach-keys": keys } = call.values;
    const attached = attachedStreams(call.values.attach, detach);
    const spec = await specOfCall(call);
    refuseRestartOfRemoved(spec, rm);
    const served = detach || keys !== undefined || needsOthers(spec);
    if (!served && spec.name !== undefined) await refuseKeptName(spec.name, call);
    const engine = await (served ? call.lasting() : call.engine());
    const { containers } = engine;
    const id = await createContainer(engine, call, { ...spec, stdinOnce: interactive && !detach, autoRemove: detach && rm });
    if (detach) {
      await containers.start(id);
      printLine(call.terminal, id);
      return 0;
    }
    let end: number | "detached" | undefined;
    try {
      end = await followContainer(containers, id, call.terminal, {
        interactive: interactive && attached.has("stdin"),
        tty,
        // Of one in this process nothing would be left.
        detachKeys: served ? keys : "",
        sigProxy: call.values["sig-proxy"] ?? true,
        outputs: attached,
        begin: () => containers.start(id),
      });
      return end === "detached" ? 0 : end;
    } finally {
      if ((!served || rm) && end !== "detached") await containers.remove(id, { force: true }).catch(() => {});
    }
  },
});

/** @throws UsageError */
function attachedStreams(given: readonly string[] | undefined, detach: boolean): ReadonlySet<"stdin" | "stdout" | "stderr"> {
  if (given === undefined) return new Set(STREAMS);
  if (detach) throw new UsageError("--attach can't be together with --detach");
  return new Set(
    given.map((text) => {
      const stream = STREAMS.find((name) => name === text.toLowerCase());
      if (stream === undefined) throw new UsageError(`--attach takes ${STREAMS.join(", ")}, not ${JSON.stringify(text)}`);
      return stream;
    }),
  );
}

/** Networks with names and other containers are the server's. */
function needsOthers({ networks, networkMode, ipcMode, pidMode, volumesFrom = [] }: ContainerSpec): boolean {
  const joins = [networkMode, ipcMode, pidMode].some((mode) => mode?.startsWith("container:"));
  return networks !== undefined || joins || volumesFrom.length > 0;
}
