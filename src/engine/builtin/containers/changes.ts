/** `docker diff`: reads what a container has written, and what its image has in those places. */
import type { FileChange } from "../../engine.js";
import { inRoot } from "../../spec/mount-targets.js";
import { planRootfs } from "../runtime/plan-rootfs.js";
import { type FieldWriter, writePlan } from "../supervisor/codec.js";
import { Message, Tag } from "../supervisor/protocol.js";
import { SupervisorFailure, tellShortage } from "../supervisor/supervisor-failure.js";
import type { ContainerRecord } from "./container-record.js";
import { fileChanges, type LowerFile, replacedDirectories, type WrittenFile } from "./file-changes.js";
import type { Session } from "./session.js";
import { listFiles, walkWritten } from "./written-files.js";

/** What the engine itself mounts in every container. */
const OWN_MOUNTS = ["dev", "etc/hostname", "etc/hosts", "etc/resolv.conf", "proc", "sys"];
/** Paths in one request: a reply holds no more. */
const BATCH = 4000;
const DIRECTORY = 0o040000;
const TYPE_BITS = 0o170000;

/** @throws SUPERVISOR_ERROR */
export async function changesOf(session: Session, record: ContainerRecord): Promise<FileChange[]> {
  const written: WrittenFile[] = [];
  await walkWritten(session, record, (entry) => {
    const { name: path, type, mode, uid, gid, mtime } = entry;
    written.push({ path, isDirectory: type === "directory", mode, uid, gid, mtime });
  });
  if (written.length === 0) return [];
  try {
    const lower = await lowerFiles(
      session,
      record,
      written.map(({ path }) => path),
    );
    const replaced = new Map<string, readonly string[]>();
    for (const directory of replacedDirectories(written, lower)) replaced.set(directory, await namesBelow(session, record, directory));
    return fileChanges({ written, lower, replaced, mounts: mountTargets(record) });
  } catch (error) {
    throw error instanceof SupervisorFailure ? error.asError(`Looking at the files of container ${record.name}`) : error;
  }
}

/** Volumes that live in the container's own layer are among them. */
function mountTargets({ mounts }: ContainerRecord): string[] {
  return [...OWN_MOUNTS, ...mounts.map(({ target }) => inRoot(target))];
}

/** The image alone, without what the container has written. */
function imageRoot(session: Session, { image }: ContainerRecord): (writer: FieldWriter) => void {
  const { mountpoint, host } = session;
  const plan = planRootfs({ layers: image.layerDirectories, scratch: undefined, mountpoint, writable: false, host });
  return (writer) => writer.nested(Tag.PLAN, (nested) => writePlan(nested, plan));
}

async function lowerFiles(session: Session, record: ContainerRecord, paths: readonly string[]): Promise<Map<string, LowerFile>> {
  const found = new Map<string, LowerFile>();
  for (let at = 0; at < paths.length; at += BATCH) {
    const batch = paths.slice(at, at + BATCH);
    const reply = await session.supervisor
      .request(Message.READ_FILE, (writer) => {
        imageRoot(session, record)(writer);
        for (const path of batch) writer.text(Tag.PATH, path);
        writer.u64(Tag.LIMIT, 0).u64(Tag.FLAGS, 1);
      })
      .catch(tellShortage("Reading the files of the image"));
    for (const [index, file] of reply.structures(Tag.FILE).entries()) {
      const mode = file.u64(Tag.MODE);
      if (mode === undefined) continue;
      found.set(batch[index]!, {
        isDirectory: (mode & TYPE_BITS) === DIRECTORY,
        mode: mode & 0o7777,
        uid: file.u64(Tag.UID) ?? 0,
        gid: file.u64(Tag.GID) ?? 0,
        mtime: file.u64(Tag.MTIME) ?? 0,
      });
    }
  }
  return found;
}

async function namesBelow(session: Session, record: ContainerRecord, directory: string): Promise<string[]> {
  const names: string[] = [];
  const fill = (writer: FieldWriter): void => {
    imageRoot(session, record)(writer);
    writer.text(Tag.PATH, directory);
  };
  // The archive's names begin with the last component.
  const above = directory.slice(0, directory.lastIndexOf("/") + 1);
  await listFiles(session, Message.COPY_OUT, fill, ({ name }) => void names.push(`${above}${name}`));
  return names.filter((name) => name !== directory);
}
