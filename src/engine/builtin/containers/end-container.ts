/** What ends a container, without what starts one. */
import { CaissonError } from "../../errors.js";
import { Message, Tag } from "../supervisor/protocol.js";
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";
import type { ContainerRecord } from "./container-record.js";
import { unpublishPorts } from "./published-ports.js";
import type { Session } from "./session.js";

/** Removes what a container has in the supervisor and on disk, unless others use volumes of it; whatever runs is killed. */
export async function destroyContainer(session: Session, record: ContainerRecord): Promise<void> {
  const shared = record.ownVolumes.some(({ users }) => [...users].some((user) => user !== record));
  try {
    await session.supervisor.request(Message.DESTROY, (writer) => writer.text(Tag.ID, record.id).u64(Tag.FLAGS, shared ? 1 : 0));
  } catch (error) {
    if (!(error instanceof SupervisorFailure)) throw error;
    if (error.code !== "ENOENT") throw error.asError(`Removing container ${record.name}`);
    // Never launched: there may be files from a copy, and nothing else.
    await unpublishPorts(session, record);
    if (record.onDisk && !shared) await removeScratch(session, record);
  }
}

/** Its files alone. */
export async function removeScratch(session: Session, record: Pick<ContainerRecord, "name" | "scratch">): Promise<void> {
  await session.supervisor
    .request(Message.REMOVE_TREE, (writer) => writer.text(Tag.PATH, record.scratch).u64(Tag.FLAGS, 1))
    .catch((error: unknown) => {
      if (error instanceof SupervisorFailure && error.code === "ENOENT") return;
      throw error instanceof SupervisorFailure ? error.asError(`Removing the files of ${record.name}`) : error;
    });
}

/** Sends a signal to the container's first process. @throws CONTAINER_NOT_RUNNING */
export async function signalContainer(session: Session, record: ContainerRecord, signal: number): Promise<void> {
  try {
    await session.supervisor.request(Message.SIGNAL, (writer) => writer.text(Tag.ID, record.id).u64(Tag.SIGNAL, signal));
  } catch (error) {
    if (error instanceof SupervisorFailure && error.code === "ESRCH") {
      throw new CaissonError("CONTAINER_NOT_RUNNING", `Container ${record.name} (${record.shortId}) is not running`, {
        facts: { containerId: record.id, status: "exited" },
        cause: error,
      });
    }
    throw error instanceof SupervisorFailure ? error.asError(`Signalling container ${record.name}`) : error;
  }
}
