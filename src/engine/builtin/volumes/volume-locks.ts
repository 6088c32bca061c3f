/** Who uses a volume, told between processes: the supervisor of each session that does holds a lock on a file of it. */
import { Message, Tag } from "../supervisor/protocol.js";
import type { Supervisor } from "../supervisor/supervisor.js";
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";

export class VolumeLocks {
  readonly #supervisor: () => Promise<Supervisor>;

  /** @param supervisor opens the session on first use */
  constructor(supervisor: () => Promise<Supervisor>) {
    this.#supervisor = supervisor;
  }

  /** Until {@link letGo}, or the end of the session. False when the file was removed meanwhile. */
  async hold(file: string): Promise<boolean> {
    return this.#ask(Message.HOLD, file).then(
      () => true,
      (error: unknown) => {
        // Somebody who is about to remove it has it for the length of a rename.
        if (error instanceof SupervisorFailure && (error.code === "ENOENT" || error.code === "EAGAIN")) return false;
        throw asError(error, `Taking the lock of ${file}`);
      },
    );
  }

  async letGo(file: string): Promise<void> {
    await this.#ask(Message.LET_GO, file).catch((error: unknown) => {
      throw asError(error, `Giving back the lock of ${file}`);
    });
  }

  /** In order: whether anybody, this session included, holds a file. */
  async held(files: readonly string[]): Promise<readonly boolean[]> {
    if (files.length === 0) return [];
    const reply = await (await this.#supervisor()).request(Message.HELD, (writer) => {
      for (const file of files) writer.text(Tag.PATH, file);
    });
    return reply.all(Tag.HELD).map((value) => value.readBigUInt64LE(0) === 1n);
  }

  /** The directory's name is free when this resolves, unless somebody holds the file: then nothing happens. */
  async removeUnlessHeld(directory: string, file: string): Promise<"removed" | "held" | "missing"> {
    const supervisor = await this.#supervisor();
    try {
      await supervisor.request(Message.REMOVE_TREE, (writer) => writer.text(Tag.PATH, directory).text(Tag.LOCK, file).u64(Tag.FLAGS, 1));
      return "removed";
    } catch (error) {
      if (error instanceof SupervisorFailure && error.code === "EBUSY") return "held";
      if (error instanceof SupervisorFailure && error.code === "ENOENT") return "missing";
      throw asError(error, `Removing ${directory}`);
    }
  }

  async #ask(message: number, file: string): Promise<void> {
    await (await this.#supervisor()).request(message, (writer) => writer.text(Tag.PATH, file));
  }
}

function asError(error: unknown, operation: string): unknown {
  return error instanceof SupervisorFailure ? error.asError(operation) : error;
}
