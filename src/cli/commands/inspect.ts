/** `inspect` and what it is by docker's longer names: everything that is known, as JSON. */
import type { Engine } from "../../engine/engine.js";
import { type ErrorCode, isCaissonError } from "../../engine/errors.js";
import { type Command, defineCommand, JSON_OPTION } from "../command.js";
import { isAnythingKept } from "../server/anything-kept.js";
import { printJson } from "../terminal.js";
import { UsageError } from "../usage.js";

const MANY = { least: 1, most: Number.POSITIVE_INFINITY } as const;
const ALWAYS_JSON = { ...JSON_OPTION, help: "as always" } as const;

interface Kind {
  readonly missing: ErrorCode;
  look(engine: Engine, name: string): Promise<unknown>;
}

/** In the order in which a name is looked for. */
const KINDS: Readonly<Record<string, Kind>> = {
  image: { missing: "IMAGE_NOT_FOUND", look: ({ images }, name) => images.inspect(name) },
  container: { missing: "CONTAINER_NOT_FOUND", look: ({ containers }, name) => containers.inspect(name) },
  network: { missing: "NETWORK_NOT_FOUND", look: ({ networks }, name) => networks.inspect(name) },
  volume: { missing: "VOLUME_NOT_FOUND", look: ({ volumes }, name) => volumes.inspect(name) },
};

export const inspect = defineCommand({
  name: "inspect",
  summary: "Print what is known about images, containers, networks and volumes, as JSON",
  operands: "NAME [NAME...]",
  ...MANY,
  options: {
    type: { type: "string", value: "KIND", help: "image, container, network or volume; default: the first that has the name" },
    json: ALWAYS_JSON,
  },
  async run({ values, operands, terminal, engine, lasting, environment }) {
    const { type } = values;
    if (type !== undefined && !Object.hasOwn(KINDS, type))
      throw new UsageError(`--type takes ${Object.keys(KINDS).join(", ")}, not ${JSON.stringify(type)}`);
    const everywhere = isAnythingKept(environment) ? Object.keys(KINDS) : ["image"];
    const kinds = type === undefined ? everywhere : [type];
    const found: unknown[] = [];
    // Images are the same for whoever looks; the others are the server's.
    for (const name of operands) found.push(await firstOf(kinds, (kind) => (kind === "image" ? engine() : lasting()), name));
    printJson(terminal, found);
    return 0;
  },
});

export const inspectContainer = ofKind("container");
export const inspectImage = ofKind("image");

function ofKind(kind: "container" | "image"): Command {
  return defineCommand({
    name: `${kind} inspect`,
    summary: `Print what is known about ${kind}s, as JSON`,
    operands: `${kind.toUpperCase()} [${kind.toUpperCase()}...]`,
    ...MANY,
    options: { json: ALWAYS_JSON },
    async run({ operands, terminal, engine, lasting }) {
      const opened = await (kind === "image" ? engine() : lasting());
      const found: unknown[] = [];
      for (const name of operands) found.push(await KINDS[kind]!.look(opened, name));
      printJson(terminal, found);
      return 0;
    },
  });
}

/** What a name is not is told by the first failure: that of an image, unless a kind was asked for. */
async function firstOf(kinds: readonly string[], open: (kind: string) => Promise<Engine>, name: string): Promise<unknown> {
  let first: unknown;
  for (const kind of kinds) {
    const { missing, look } = KINDS[kind]!;
    try {
      return await look(await open(kind), name);
    } catch (error) {
      if (!isCaissonError(error, missing) && !isCaissonError(error, "IMAGE_REFERENCE_INVALID")) throw error;
      first ??= error;
    }
  }
  throw first;
}
