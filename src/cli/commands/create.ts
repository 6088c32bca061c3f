import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { findProxies } from "../../engine/docker-config/proxies.js";
import type { ContainerSpec, Engine } from "../../engine/engine.js";
import { CaissonError } from "../../engine/errors.js";
import { type Call, defineCommand, type Values } from "../command.js";
import { CONTAINER_OPTIONS } from "../container-flags.js";
import { containerSpec } from "../container-spec-from-flags.js";
import { ensureImage } from "../ensure-image.js";
import { REFUSED_CONTAINER_FLAGS } from "../refused-flags.js";
import { printLine } from "../terminal.js";
import { UsageError } from "../usage.js";

/** Docker's: failures of the tool itself, so that every other code is the container's. */
export const FAILURE_CODE = 125;

/** Those of `run`, too. */
export const CREATE_OPTIONS = {
  ...CONTAINER_OPTIONS,
  interactive: { type: "boolean", short: "i", help: "connect the standard input" },
  tty: { type: "boolean", short: "t", help: "give it a terminal" },
  pull: { type: "string", value: "missing|always|never", help: "when to fetch the image; default: missing" },
  quiet: { type: "boolean", short: "q", help: "no progress" },
  attach: { type: "string", short: "a", multiple: true, value: "stdin|stdout|stderr", help: "of `run`: these alone; default: all of them" },
  cidfile: { type: "string", value: "FILE", help: "write its id to a new file" },
} as const;

type CreateCall = Pick<Call, "operands" | "terminal" | "environment"> & { readonly values: Values<typeof CREATE_OPTIONS> };

export const create = defineCommand({
  name: "create",
  summary: "Make a container without starting it, and print its id",
  operands: "IMAGE [COMMAND] [ARGUMENT...]",
  least: 1,
  most: Number.POSITIVE_INFINITY,
  stopsAtOperand: true,
  failureCode: FAILURE_CODE,
  refuses: REFUSED_CONTAINER_FLAGS,
  options: { ...CREATE_OPTIONS, rm: { type: "boolean", help: "remove it when it ends" } },
  async run(call) {
    const { rm: autoRemove, interactive: stdinOnce } = call.values;
    const spec = await specOfCall(call);
    refuseRestartOfRemoved(spec, autoRemove ?? false);
    printLine(call.terminal, await createContainer(await call.lasting(), call, { ...spec, autoRemove, stdinOnce }));
    return 0;
  },
});

/**
 * What flags, operands and docker's configuration say, without anything that an engine has to be asked for.
 * @throws UsageError, OPTION_INVALID, PATH_NOT_FOUND
 */
export async function specOfCall({ values, operands: [image = "", ...command], environment }: CreateCall): Promise<ContainerSpec> {
  const spec = containerSpec(values, { image, command, environment });
  const env = { ...(await findProxies(environment)), ...spec.env };
  return { ...spec, env, tty: values.tty, openStdin: values.interactive };
}

/** @throws UsageError, before an image is fetched for it */
export function refuseRestartOfRemoved({ restartPolicy }: ContainerSpec, rm: boolean): void {
  if (rm && (restartPolicy?.name ?? "no") !== "no") throw new UsageError("conflicting options: cannot specify both --restart and --rm");
}

/** Fetches the image where that is to be done. @returns the container's id */
export async function createContainer(engine: Engine, { values, terminal }: CreateCall, spec: ContainerSpec): Promise<string> {
  const { cidfile } = values;
  if (cidfile !== undefined && existsSync(cidfile))
    throw new UsageError(`--cidfile: ${cidfile} is there already; remove it unless its container is still needed`);
  await ensureImage(engine, spec.image, { ...values, terminal });
  const { id, warnings } = await engine.containers.create(spec);
  if (cidfile !== undefined) {
    await writeFile(cidfile, id, { flag: "wx" }).catch(async (cause: NodeJS.ErrnoException) => {
      await engine.containers.remove(id, { force: true });
      throw new CaissonError("PATH_NOT_FOUND", `${cidfile} can't be written: ${cause.message}`, { facts: { path: cidfile }, cause });
    });
  }
  for (const warning of warnings) terminal.stderr.write(`Warning: ${warning}\n`);
  return id;
}
