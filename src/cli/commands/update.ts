import { defineCommand } from "../command.js";
import { UPDATE_OPTIONS } from "../container-flags.js";
import { resourceLimits, restartPolicy } from "../container-spec-from-flags.js";
import { eachOperand } from "../each-operand.js";
import { REFUSED_LIMIT_FLAGS } from "../refused-flags.js";
import { UsageError } from "../usage.js";

export const update = defineCommand({
  name: "update",
  summary: "Change limits of containers, also while they run, and when they are restarted",
  operands: "CONTAINER [CONTAINER...]",
  least: 1,
  most: Number.POSITIVE_INFINITY,
  options: UPDATE_OPTIONS,
  refuses: REFUSED_LIMIT_FLAGS,
  async run({ values, operands, terminal, lasting }) {
    const { restart, ...limits } = values;
    if (Object.keys(values).length === 0) throw new UsageError("update: nothing is to change; name a limit, or --restart");
    const options = { resources: resourceLimits(limits), restartPolicy: restart === undefined ? undefined : restartPolicy(restart) };
    const { containers } = await lasting();
    return eachOperand(operands, terminal, (name) => containers.update(name, options));
  },
});
