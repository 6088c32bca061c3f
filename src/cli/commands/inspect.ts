/** `inspect` and what it is by docker's longer names. */
import { type Command, defineCommand } from "../command.js";
import { INSPECT_OPTIONS, inspectObjects, type KindName, SIZE_OPTION } from "../inspect-objects.js";
import { isAnythingKept } from "../server/anything-kept.js";
import { UsageError } from "../usage.js";

const MANY = { least: 1, most: Number.POSITIVE_INFINITY } as const;
const KINDS: readonly KindName[] = ["image", "container", "network", "volume"];

const WITH_SIZE = { size: SIZE_OPTION, ...INSPECT_OPTIONS };

export const inspect = defineCommand({
  name: "inspect",
  summary: "Print what is known about images, containers, networks and volumes, as JSON",
  operands: "NAME [NAME...]",
  ...MANY,
  options: {
    type: { type: "string", value: "KIND", help: "image, container, network or volume; default: the first that has the name" },
    ...WITH_SIZE,
  },
  async run({ values, operands, terminal, engine, lasting, environment }) {
    const { type } = values;
    const asked = KINDS.find((kind) => kind === type);
    if (type !== undefined && asked === undefined) throw new UsageError(`--type takes ${KINDS.join(", ")}, not ${JSON.stringify(type)}`);
    // Images and volumes are the same for whoever looks; the others are the server's.
    const kept = await isAnythingKept(environment);
    const kinds = asked ? [asked] : kept ? KINDS : KINDS.filter((kind) => kind === "image" || kind === "volume");
    const engineOf = (kind: KindName) => (kind === "image" || (kind === "volume" && !kept) ? engine() : lasting());
    return inspectObjects(terminal, { ...values, names: operands, kinds, engineOf });
  },
});

export const inspectContainer = ofKind("container");
export const inspectImage = ofKind("image");
export const inspectNetwork = ofKind("network");

function ofKind(kind: "container" | "image" | "network"): Command {
  return defineCommand({
    name: `${kind} inspect`,
    summary: `Print what is known about ${kind}s, as JSON`,
    operands: `${kind.toUpperCase()} [${kind.toUpperCase()}...]`,
    ...MANY,
    // Only containers write.
    options: (kind === "container" ? WITH_SIZE : INSPECT_OPTIONS) as typeof WITH_SIZE,
    run: ({ values, operands, terminal, engine, lasting }) =>
      inspectObjects(terminal, { ...values, names: operands, kinds: [kind], engineOf: () => (kind === "image" ? engine() : lasting()) }),
  });
}
