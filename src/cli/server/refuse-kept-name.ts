/** A container of this process and one that stays are told apart by their names, although two engines have them. */
import { CaissonError } from "../../engine/errors.js";
import { choosesDaemon } from "../../engine/open.js";
import type { Call } from "../command.js";
import { isAnythingKept } from "./anything-kept.js";

/** @throws CONTAINER_NAME_TAKEN */
export async function refuseKeptName(name: string, { lasting, environment }: Pick<Call, "lasting" | "environment">): Promise<void> {
  // A daemon has both kinds, and refuses by itself.
  if ((await choosesDaemon(environment)) || !(await isAnythingKept(environment))) return;
  const holder = await lasting()
    .then(({ containers }) => containers.inspect(name))
    .catch(() => undefined); // whoever can't be asked keeps nobody from running something of their own
  if (holder?.name !== name) return; // it may be the beginning of an id
  throw new CaissonError("CONTAINER_NAME_TAKEN", `The name ${name} is taken by container ${holder.id.slice(0, 12)}`, {
    facts: { name, containerId: holder.id },
    remedy: "Remove that container, or choose another name.",
  });
}
