/** What `inspect` and its like do: print what is known about each name, and tell which are nothing. */
import type { Engine } from "../engine/engine.js";
import { CaissonError, isCaissonError } from "../engine/errors.js";
import { JSON_OPTION } from "./command.js";
import { describeError, errorObject } from "./error-object.js";
import { OBJECT_FORMAT_OPTION, printObject } from "./format-object.js";
import { INSPECT_KINDS } from "./inspect-kinds.js";
import { printJson, type Terminal } from "./terminal.js";

export type KindName = keyof typeof INSPECT_KINDS;

export const INSPECT_OPTIONS = {
  format: OBJECT_FORMAT_OPTION,
  json: { ...JSON_OPTION, help: "as always" },
} as const;

export const SIZE_OPTION = { type: "boolean", short: "s", help: "of containers, how much they have written, too" } as const;

export interface InspectRequest {
  readonly names: readonly string[];
  /** In this order. */
  readonly kinds: readonly KindName[];
  readonly engineOf: (kind: KindName) => Promise<Engine>;
  readonly size?: boolean | undefined;
  readonly format?: string | undefined;
  /** Failures as JSON. */
  readonly json?: boolean | undefined;
}

/** @returns the exit code */
export async function inspectObjects(
  terminal: Terminal,
  { names, kinds, engineOf, size = false, format, json }: InspectRequest,
): Promise<number> {
  const asDocker = format !== undefined;
  const found: unknown[] = [];
  let code = 0;
  for (const name of names) {
    try {
      const { kind, value } = await firstOf(kinds, engineOf, name, size);
      const shown = asDocker ? await INSPECT_KINDS[kind].docker(await engineOf(kind), value) : value;
      if (format === undefined) found.push(shown);
      else printObject(terminal, format, shown);
    } catch (error) {
      if (!isCaissonError(error)) throw error;
      terminal.stderr.write(json ? `${JSON.stringify({ error: errorObject(error) })}\n` : `${describeError(error)}\n`);
      code = 1;
    }
  }
  if (!asDocker) printJson(terminal, found);
  return code;
}

async function firstOf(
  kinds: readonly KindName[],
  engineOf: InspectRequest["engineOf"],
  name: string,
  size: boolean,
): Promise<{ readonly kind: KindName; readonly value: unknown }> {
  let first: CaissonError | undefined;
  for (const kind of kinds) {
    const { missing, look } = INSPECT_KINDS[kind];
    try {
      return { kind, value: await look(await engineOf(kind), name, { size }) };
    } catch (error) {
      if (!isCaissonError(error, missing) && !isCaissonError(error, "IMAGE_REFERENCE_INVALID")) throw error;
      first ??= error as CaissonError;
    }
  }
  throw kinds.length === 1 && first ? first : nothing(name, first);
}

/** Names are those of images first. */
function nothing(name: string, first: CaissonError | undefined): CaissonError {
  return new CaissonError("IMAGE_NOT_FOUND", `No such object: ${name}`, {
    facts: { reference: name },
    evidence: ["No image, container, network or volume has that name."],
    cause: first,
  });
}
