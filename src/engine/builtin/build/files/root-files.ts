/** Looking into a root file system that consists of layers: resolved by the supervisor, inside that root. */

import type { FileType } from "../../../build-context/tar-stream-codec.js";
import type { Session } from "../../containers/session.js";
import { planRootfs } from "../../runtime/plan-rootfs.js";
import { parseUserDatabase, type UserDatabase } from "../../runtime/users.js";
import { type Fields, type FieldWriter, writePlan } from "../../supervisor/codec.js";
import { Message, Tag } from "../../supervisor/protocol.js";

export interface FileStatus {
  readonly type: FileType | "socket";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** After all links, without a leading slash. */
  readonly path: string;
}

/** By the type bits of a mode (inode(7)). */
const TYPES: ReadonlyMap<number, FileStatus["type"]> = new Map([
  [0o100000, "file"],
  [0o040000, "directory"],
  [0o120000, "symlink"],
  [0o020000, "char"],
  [0o060000, "block"],
  [0o010000, "fifo"],
  [0o140000, "socket"],
]);
const USERS_LIMIT = 1 << 20;

/** Writes the root of a request: an overlay of the layers, read-only. */
export function rootOf(session: Session, layers: readonly string[]): (writer: FieldWriter) => void {
  const plan = planRootfs({ layers, scratch: undefined, mountpoint: session.mountpoint, writable: false, host: session.host });
  return (writer) => writer.nested(Tag.PLAN, (nested) => writePlan(nested, plan));
}

/** Status of each path, links followed; undefined for what is not there. @param layers directories, lowest first */
export async function statInRoot(
  session: Session,
  layers: readonly string[],
  paths: readonly string[],
): Promise<(FileStatus | undefined)[]> {
  if (layers.length === 0) return paths.map((path) => (relative(path) === "" ? ROOT : undefined));
  const files = await read(session, layers, paths, 0);
  return files.map((file) => {
    const mode = file.u64(Tag.MODE);
    if (mode === undefined) return undefined;
    return {
      type: TYPES.get(mode & 0o170000) ?? "file",
      mode: mode & 0o7777,
      uid: file.u64(Tag.UID) ?? 0,
      gid: file.u64(Tag.GID) ?? 0,
      size: file.u64(Tag.SIZE) ?? 0,
      path: file.text(Tag.PATH) ?? "",
    };
  });
}

const ROOT: FileStatus = { type: "directory", mode: 0o755, uid: 0, gid: 0, size: 0, path: "" };

export async function usersInRoot(session: Session, layers: readonly string[]): Promise<UserDatabase> {
  if (layers.length === 0) return { passwd: [], group: [] };
  const [passwd, group] = await read(session, layers, ["etc/passwd", "etc/group"], USERS_LIMIT);
  return parseUserDatabase(passwd?.text(Tag.DATA) ?? "", group?.text(Tag.DATA) ?? "");
}

async function read(session: Session, layers: readonly string[], paths: readonly string[], limit: number): Promise<Fields[]> {
  const reply = await session.supervisor.request(Message.READ_FILE, (writer) => {
    rootOf(session, layers)(writer);
    for (const path of paths) writer.text(Tag.PATH, relative(path));
    writer.u64(Tag.LIMIT, limit);
  });
  return reply.structures(Tag.FILE);
}

export function relative(path: string): string {
  return path.replace(/^\/+/, "");
}
