/** Freezing and thawing all processes of a container. */
import { UnsupportedError } from "../../errors.js";
import type { Freezer } from "../runtime/cgroups.js";
import { Message, Tag } from "../supervisor/protocol.js";
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";
import type { ContainerRecord } from "./container-record.js";
import type { Session } from "./session.js";

/** A process that sits in the kernel, waiting for a device, freezes once it comes back: it is given so long. */
const FREEZE_TIMEOUT_MS = 10_000;

/** Resolves once every process is frozen; when that can't be, all run on. @throws UNSUPPORTED, SUPERVISOR_ERROR, ABORTED */
export async function freezeContainer(session: Session, record: ContainerRecord): Promise<void> {
  const freezer = record.cgroups?.freezer;
  if (!freezer) throw new UnsupportedError("builtin", "pause", "this host has no freezer: neither cgroup v2 nor v1's controller");
  try {
    await set(session, freezer, freezer.freeze, AbortSignal.timeout(FREEZE_TIMEOUT_MS));
  } catch (error) {
    await thawContainer(session, record).catch(() => {});
    throw error instanceof SupervisorFailure ? error.asError(`Pausing container ${record.name}`) : error;
  }
}

/** Resolves once every process runs again. @throws SUPERVISOR_ERROR */
export async function thawContainer(session: Session, record: ContainerRecord): Promise<void> {
  const freezer = record.cgroups?.freezer;
  if (!freezer) return;
  await set(session, freezer, freezer.thaw).catch((error: unknown) => {
    throw error instanceof SupervisorFailure ? error.asError(`Unpausing container ${record.name}`) : error;
  });
}

async function set(session: Session, { file, watched, announces }: Freezer, { data, line }: Freezer["freeze"], signal?: AbortSignal) {
  await session.supervisor.request(
    Message.AWAIT_FILE,
    (writer) => {
      writer.text(Tag.PATH, file).text(Tag.DATA, data).text(Tag.WATCHED, watched).text(Tag.TEXT, line);
      if (!announces) writer.u64(Tag.FLAGS, 1);
    },
    { signal, operation: "pause" },
  );
}
