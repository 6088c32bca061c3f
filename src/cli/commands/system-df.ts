import type { DiskUsage } from "../../engine/engine.js";
import { defineCommand, JSON_OPTION } from "../command.js";
import { formatSize } from "../quantities.js";
import { printJson, printTable } from "../terminal.js";

export const systemDf = defineCommand({
  name: "system df",
  summary: "Print what images, containers, volumes and builds keep on the disk",
  operands: "",
  least: 0,
  most: 0,
  options: { json: JSON_OPTION },
  async run({ values, terminal, lasting }) {
    const usage = await (await lasting()).diskUsage();
    if (values.json) printJson(terminal, usage);
    else printTable(terminal, ["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"], usageRows(usage));
    return 0;
  },
});

/** Docker's table: active is what containers need, reclaimable what pruning everything else would give back. */
export function usageRows({ layersBytes, images, containers, volumes, buildCache }: DiskUsage): string[][] {
  const running = ({ status }: DiskUsage["containers"][number]): boolean => status !== "created" && status !== "exited";
  const stopped = containers.filter((container) => !running(container));
  const unused = images.filter((image) => image.containers === 0);
  const dangling = volumes.filter(({ inUse }) => !inUse);
  return [
    row("Images", images.length, images.length - unused.length, layersBytes - buildCache.reclaimableBytes, sum(unused, "uniqueBytes")),
    row(
      "Containers",
      containers.length,
      containers.length - stopped.length,
      sum(containers, "writableBytes"),
      sum(stopped, "writableBytes"),
    ),
    row("Local Volumes", volumes.length, volumes.length - dangling.length, sum(volumes, "bytes"), sum(dangling, "bytes")),
    row("Build Cache", buildCache.entries, 0, buildCache.reclaimableBytes, buildCache.reclaimableBytes),
  ];
}

function row(type: string, total: number, active: number, bytes: number, reclaimable: number): string[] {
  const share = bytes > 0 ? ` (${Math.floor((100 * reclaimable) / bytes)}%)` : "";
  return [type, String(total), String(active), formatSize(bytes), `${formatSize(reclaimable)}${share}`];
}

function sum<K extends string>(items: readonly { readonly [key in K]: number | undefined }[], key: K): number {
  return items.reduce((total, item) => total + (item[key] ?? 0), 0);
}
