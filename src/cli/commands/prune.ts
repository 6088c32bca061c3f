/** What removes the things that nothing needs: `container prune`, `image prune`, and `prune`, which is `system prune`. */
import type { Engine, PruneFilters } from "../../engine/engine.js";
import { type Call, defineCommand, JSON_OPTION } from "../command.js";
import { PRUNE_FILTER_OPTION, pruneFilters } from "../prune-filters.js";
import { formatSize } from "../quantities.js";
import { printJson, printLine } from "../terminal.js";
import { UsageError } from "../usage.js";

const FORCE = { type: "boolean", short: "f", help: "ask nothing" } as const;
const NOTHING_NAMED = { operands: "", least: 0, most: 0 } as const;

interface Pruned {
  readonly removed: readonly string[];
  readonly bytes: number;
}

export const containerPrune = defineCommand({
  name: "container prune",
  summary: "Remove the containers that do not run",
  ...NOTHING_NAMED,
  options: { filter: PRUNE_FILTER_OPTION, force: FORCE, json: JSON_OPTION },
  async run(call) {
    return pruneAfterQuestion(call, ["all containers that do not run"], (engine) =>
      pruneContainers(engine, pruneFilters(call.values.filter)),
    );
  },
});

export const imagePrune = defineCommand({
  name: "image prune",
  summary: "Remove the images that have no name and no container",
  ...NOTHING_NAMED,
  options: {
    all: { type: "boolean", short: "a", help: "those with a name, too" },
    filter: PRUNE_FILTER_OPTION,
    force: FORCE,
    json: JSON_OPTION,
  },
  async run(call) {
    const losing = call.values.all ? "all images without a container" : "all images that have no name and no container";
    return pruneAfterQuestion(call, [losing], (engine) => pruneImages(engine, call.values.all ?? false, pruneFilters(call.values.filter)));
  },
});

export const prune = defineCommand({
  name: "prune",
  summary: "Remove containers that do not run, networks and images that nothing uses, and what builds remember",
  ...NOTHING_NAMED,
  options: {
    all: { type: "boolean", short: "a", help: "images with a name, too" },
    volumes: { type: "boolean", help: "and the volumes that no container has and nobody gave a name" },
    filter: PRUNE_FILTER_OPTION,
    force: FORCE,
    json: JSON_OPTION,
  },
  async run(call) {
    const { all = false, volumes = false } = call.values;
    const filters = pruneFilters(call.values.filter);
    if (volumes && filters?.until)
      throw new UsageError("prune: volumes are not chosen by age: --filter until=... and --volumes exclude each other");
    const losing = [
      "all containers that do not run",
      "all networks that no container is on",
      ...(volumes ? ["all volumes that no container has and nobody gave a name"] : []),
      all ? "all images without a container" : "all images that have no name and no container",
      ...(filters ? [] : ["what builds remember"]),
    ];
    return pruneAfterQuestion(call, losing, async (engine) => {
      const parts = [
        await pruneContainers(engine, filters),
        { removed: await engine.networks.prune({ filters }), bytes: 0 },
        ...(volumes ? [await engine.volumes.prune({ filters })] : []),
        await pruneImages(engine, all, filters),
        // What they remember has neither labels nor an age that is known.
        ...(filters ? [] : [{ removed: [], bytes: (await engine.images.pruneBuilds()).bytes }]),
      ];
      return { removed: parts.flatMap(({ removed }) => removed), bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0) };
    });
  },
});

async function pruneAfterQuestion(
  {
    values,
    terminal,
    lasting,
  }: Pick<Call, "terminal" | "lasting"> & { readonly values: { force?: boolean | undefined; json?: boolean | undefined } },
  losing: readonly string[],
  work: (engine: Engine) => Promise<Pruned>,
): Promise<number> {
  if (!values.force) {
    const { confirm } = await import("../confirm.js");
    if (!(await confirm(terminal, losing))) return 1;
  }
  const { removed, bytes } = await work(await lasting());
  if (values.json) printJson(terminal, { removed, bytes });
  else for (const line of [...removed, `Total reclaimed space: ${formatSize(bytes)}`]) printLine(terminal, line);
  return 0;
}

async function pruneContainers({ containers }: Engine, filters: PruneFilters | undefined): Promise<Pruned> {
  const { containers: removed, bytes } = await containers.prune({ filters });
  return { removed, bytes };
}

async function pruneImages({ images }: Engine, all: boolean, filters: PruneFilters | undefined): Promise<Pruned> {
  const { untagged, deleted, bytes } = await images.prune({ dangling: !all, filters });
  return { removed: [...untagged, ...deleted], bytes };
}
