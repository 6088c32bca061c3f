/** The container's own /etc/passwd and /etc/group, read inside its root. */
import { planRootfs } from "../runtime/plan-rootfs.js";
import { parseUserDatabase, type UserDatabase } from "../runtime/users.js";
import type { FieldWriter } from "../supervisor/codec.js";
import { writePlan } from "../supervisor/codec.js";
import { Message, Tag } from "../supervisor/protocol.js";
import type { ContainerRecord } from "./container-record.js";
import type { Session } from "./session.js";

/** Nobody's user database is larger; what is beyond is not read. */
const LIMIT = 1 << 20;

/** Of an image nothing of which can change: read once. */
const byImage = new WeakMap<object, Promise<UserDatabase>>();

/** As the container sees them now. */
export function readUsers(session: Session, record: ContainerRecord): Promise<UserDatabase> {
  if (record.running) return request(session, (writer) => writer.text(Tag.ID, record.id));
  if (record.onDisk)
    return request(session, (writer) => writer.nested(Tag.PLAN, (nested) => writePlan(nested, rootfsPlan(session, record, false))));
  const known = byImage.get(record.image.inspect);
  if (known) return known;
  const reading = request(session, (writer) => writer.nested(Tag.PLAN, (nested) => writePlan(nested, rootfsPlan(session, record, false))));
  byImage.set(record.image.inspect, reading);
  reading.catch(() => byImage.delete(record.image.inspect));
  return reading;
}

/** Mounts the root file system of a container that does not run. */
export function rootfsPlan(session: Session, record: ContainerRecord, writable: boolean) {
  return planRootfs({
    layers: record.image.layerDirectories,
    scratch: record.onDisk || writable ? record.scratch : undefined,
    mountpoint: session.mountpoint,
    writable,
    host: session.host,
    work: writable ? record.nextWork() : undefined,
  });
}

async function request(session: Session, root: (writer: FieldWriter) => void): Promise<UserDatabase> {
  const reply = await session.supervisor.request(Message.READ_FILE, (writer) => {
    root(writer);
    writer.text(Tag.PATH, "etc/passwd").text(Tag.PATH, "etc/group").u64(Tag.LIMIT, LIMIT);
  });
  const [passwd, group] = reply.structures(Tag.FILE).map((file) => file.text(Tag.DATA) ?? "");
  return parseUserDatabase(passwd ?? "", group ?? "");
}
