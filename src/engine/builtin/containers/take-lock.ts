/** Locks that the kernel keeps for the session's supervisor: whoever waits is told when its turn comes, without looking again. */
import type { TakeLock } from "../images/file-locks.js";
import { Message, Tag } from "../supervisor/protocol.js";
import type { Supervisor } from "../supervisor/supervisor.js";
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";

/** Of Message.LOCK. */
const DO_NOT_WAIT = 1;

/** @param open the supervisor, on first use */
export function supervisorLocks(open: () => Promise<Supervisor>): TakeLock {
  return async (file, { wait, signal }) => {
    const supervisor = await open();
    try {
      await supervisor.request(Message.LOCK, (writer) => writer.text(Tag.PATH, file).u64(Tag.FLAGS, wait ? 0 : DO_NOT_WAIT), {
        signal,
        operation: "wait for another process",
      });
    } catch (error) {
      if (!wait && error instanceof SupervisorFailure && (error.code === "EAGAIN" || error.code === "EALREADY")) return undefined;
      throw error instanceof SupervisorFailure ? error.asError(`Taking the lock ${file}`) : error;
    }
    return async () => {
      // One that is gone has given it back.
      await supervisor.request(Message.UNLOCK, (writer) => writer.text(Tag.PATH, file)).catch(() => {});
    };
  };
}
