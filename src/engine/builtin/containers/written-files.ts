/** What a container has written, without its contents: walked by a worker of the supervisor, which follows no link. */
import { readTar, type TarEntry } from "../../build-context/tar-stream-codec.js";
import type { FieldWriter } from "../supervisor/codec.js";
import { Message, PackFlag, Tag } from "../supervisor/protocol.js";
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";
import { volumesInLayer } from "./commit.js";
import type { ContainerRecord } from "./container-record.js";
import type { Session } from "./session.js";
import { withWrittenLayer, writtenBy } from "./written-layer.js";

/**
 * Entries of its writable layer as a tar of it would have them: whiteouts included, sorted, parents first. Volumes that live in it are left
 * out.
 * @param onEntry told each
 * @returns bytes of the files
 * @throws SUPERVISOR_ERROR
 */
export async function walkWritten(session: Session, record: ContainerRecord, onEntry?: (entry: TarEntry) => void): Promise<number> {
  if (!record.onDisk) return 0;
  try {
    const volumes = await volumesInLayer(session, record);
    return await withWrittenLayer(session, writtenBy(record), (directory) => {
      const fill = (writer: FieldWriter): void => {
        writer.text(Tag.PATH, directory);
        for (const volume of volumes) writer.text(Tag.EXCLUDE, volume);
      };
      return listFiles(session, Message.PACK, fill, onEntry);
    });
  } catch (error) {
    if (!(error instanceof SupervisorFailure)) throw error;
    if (error.code === "ENOENT") return 0; // it never began to write
    throw error.asError(`Looking at the files of container ${record.name}`);
  }
}

/** Bytes of the files that it wrote. */
export function writtenBytes(session: Session, record: ContainerRecord): Promise<number> {
  return walkWritten(session, record);
}

/** Bytes of the files in a directory of the host; 0 where there is none. @throws SUPERVISOR_ERROR */
export async function directoryBytes(session: Session, directory: string): Promise<number> {
  return listFiles(session, Message.PACK, (writer) => writer.text(Tag.PATH, directory)).catch((error: unknown) => {
    if (!(error instanceof SupervisorFailure)) throw error;
    if (error.code === "ENOENT") return 0;
    throw error.asError(`Looking at the files in ${directory}`);
  });
}

/**
 * Names of what PACK or COPY_OUT would write.
 * @returns bytes that it would have had
 * @throws SupervisorFailure
 */
export async function listFiles(
  session: Session,
  kind: number,
  fill: (writer: FieldWriter) => void,
  onEntry: (entry: TarEntry) => void = () => {},
): Promise<number> {
  const { token, socket } = session.supervisor.openStream();
  socket.on("error", () => {}); // the reply tells why
  socket.end();
  const done = session.supervisor.request(kind, (writer) => {
    fill(writer);
    writer.u64(Tag.TOKEN_OUT, token).u64(Tag.FLAGS, PackFlag.NAMES);
  });
  done.catch((error: Error) => socket.destroy(error));
  try {
    for await (const { entry } of readTar(socket)) onEntry(entry);
    return (await done).u64(Tag.BYTES) ?? 0;
  } catch (error) {
    await done; // whose failure is the reason
    throw error;
  }
}
