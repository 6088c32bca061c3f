import { countsOf, infoJsonOf } from "../../engine/docker-api/system-json.js";
import { defineCommand, JSON_OPTION } from "../command.js";
import { OBJECT_FORMAT_OPTION, printObject } from "../format-object.js";
import { formatMemory } from "../quantities.js";
import { printJson, printLine } from "../terminal.js";

export const info = defineCommand({
  name: "info",
  summary: "Print what the engine is, and what it has to work with",
  operands: "",
  least: 0,
  most: 0,
  options: { format: OBJECT_FORMAT_OPTION, json: JSON_OPTION },
  async run({ values, terminal, lasting }) {
    const engine = await lasting();
    const known = await engine.info();
    if (values.json) {
      printJson(terminal, { ...known, supports: engine.supports });
      return 0;
    }
    if (values.format !== undefined) {
      const counts = countsOf(await engine.containers.list({ all: true }));
      printObject(terminal, values.format, { ...infoJsonOf(known), ...counts });
      return 0;
    }
    const lines: readonly (readonly [string, string | number | undefined])[] = [
      ["Engine", `${known.product ?? known.engine} ${known.version}`],
      ["Containers", known.containers],
      ["Images", known.images],
      ["Operating system", known.operatingSystem],
      ["Kernel", known.kernelVersion],
      ["Platform", known.platform],
      ["CPUs", known.cpus],
      ["Memory", formatMemory(known.memoryBytes)],
      ["Data root", known.root],
      ["Cgroups", known.cgroupVersion],
      ["Rootless", known.rootless === undefined ? undefined : String(known.rootless)],
    ];
    for (const [name, value] of lines) if (value !== undefined) printLine(terminal, `${name}: ${value}`);
    return 0;
  },
});
