import { optionError } from "../../engine/errors.js";
import { defineCommand } from "../command.js";
import { statusReport } from "../compose-display.js";
import { PROJECT_OPTIONS, warnings } from "../compose-flags.js";
import { findProject } from "../compose-project.js";
import { parseNumber } from "../quantities.js";
import { isAnythingKept } from "../server/anything-kept.js";

export const down = defineCommand({
  name: "down",
  summary: "Stop and remove the containers and networks of a Compose file",
  operands: "[SERVICE...]",
  least: 0,
  most: Number.POSITIVE_INFINITY,
  options: {
    ...PROJECT_OPTIONS,
    volumes: { type: "boolean", short: "v", help: "remove its volumes, too, and anonymous ones" },
    rmi: { type: "string", value: "local|all", help: "remove images, too: those that the file doesn't name, or all" },
    "remove-orphans": { type: "boolean", help: "with containers of services that are not in the file any more" },
    timeout: { type: "string", short: "t", value: "SECONDS", help: "grace of containers that are stopped; default: their own" },
  },
  async run(call) {
    const { values, operands, terminal, environment } = call;
    const { rmi, timeout } = values;
    if (rmi !== undefined && rmi !== "local" && rmi !== "all") throw optionError("--rmi", rmi, "which images to remove", ["local", "all"]);
    const { down: takeDown } = await import("../../compose/index.js");
    const { name, project } = await findProject(call, operands);
    const wanted = {
      services: operands,
      volumes: values.volumes ?? false,
      images: rmi as "local" | "all" | undefined,
      removeOrphans: values["remove-orphans"] ?? false,
      timeoutMs: timeout === undefined ? undefined : parseNumber("timeout", timeout) * 1000,
    };
    // Volumes and images are there without a server, too.
    let found = false;
    if ((await isAnythingKept(environment)) || wanted.volumes || wanted.images) {
      const show = statusReport(terminal);
      const report: typeof show = (event) => {
        found = true;
        show(event);
      };
      await takeDown(name, project, wanted, { engine: await call.lasting(), report, warn: warnings(call) });
    }
    // In docker's words.
    if (!found) warnings(call)(`No resource found to remove for project ${JSON.stringify(name)}.`);
    return 0;
  },
});
