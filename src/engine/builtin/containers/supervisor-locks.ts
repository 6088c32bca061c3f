/** Locks that the kernel keeps for the session's supervisor: whoever waits is told when its turn comes, without looking again. */
import type { KernelLocks } from "../images/file-locks.js";
import { Message, Tag } from "../supervisor/protocol.js";
import type { Supervisor } from "../supervisor/supervisor.js";
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";

/** Of Message.LOCK. */
const DO_NOT_WAIT = 1;
const OPERATION = "wait for another process";

/** @param open the supervisor, on first use */
export function supervisorLocks(open: () => Promise<Supervisor>): KernelLocks {
  return {
    async take(file, { wait, signal }) {
      const supervisor = await open();
      try {
        await supervisor.request(Message.LOCK, (writer) => writer.text(Tag.PATH, file).u64(Tag.FLAGS, wait ? 0 : DO_NOT_WAIT), {
          signal,
          operation: OPERATION,
        });
      } catch (error) {
        if (!wait && error instanceof SupervisorFailure && (error.code === "EAGAIN" || error.code === "EALREADY")) return undefined;
        throw asLockError(error, file);
      }
      return async () => {
        // One that is gone has given it back.
        await supervisor.request(Message.UNLOCK, (writer) => writer.text(Tag.PATH, file)).catch(() => {});
      };
    },
    async passed(file) {
      const supervisor = await open();
      await supervisor
        .request(Message.AWAIT_UNLOCK, (writer) => writer.text(Tag.PATH, file), { operation: OPERATION })
        .catch((error: unknown) => {
          throw asLockError(error, file);
        });
    },
  };
}

function asLockError(error: unknown, file: string): unknown {
  return error instanceof SupervisorFailure ? error.asError(`Taking the lock ${file}`) : error;
}
