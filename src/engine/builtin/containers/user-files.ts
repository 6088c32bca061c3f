/** The container's own /etc/passwd and /etc/group, read inside its root. */
import { lstatSync } from "node:fs";
import path from "node:path";
import { expectedUser, programPlaces } from "../runtime/expected-user.js";
import { planRootfs } from "../runtime/plan-rootfs.js";
import { resolveProcess, searchPath } from "../runtime/resolve-process.js";
import { parseUserDatabase, type UserDatabase } from "../runtime/users.js";
import type { FieldWriter } from "../supervisor/codec.js";
import { writePlan } from "../supervisor/codec.js";
import { Message, Tag } from "../supervisor/protocol.js";
import { tellShortage } from "../supervisor/supervisor-failure.js";
import { hostOf } from "./container-host.js";
import type { ContainerRecord } from "./container-record.js";
import type { Session } from "./session.js";

/** Nobody's user database is larger; what is beyond is not read. */
const LIMIT = 1 << 20;

/** Of an image nothing of which can change: read once. */
const byImage = new WeakMap<object, Promise<UserDatabase>>();
/** The same for images that differ in other layers only, such as those between the steps of a build. */
const byLayers = new WeakMap<Session, Map<string, Promise<UserDatabase>>>();

/** As the container sees them now. */
export function readUsers(session: Session, record: ContainerRecord): Promise<UserDatabase> {
  if (record.running) return request(session, (writer) => writer.text(Tag.ID, record.id));
  if (record.onDisk)
    return request(session, (writer) => writer.nested(Tag.PLAN, (nested) => writePlan(nested, rootfsPlan(session, record, false))));
  const { inspect, layerDirectories } = record.image;
  const known = byImage.get(inspect);
  if (known) return known;
  const ofSession = byLayers.get(session) ?? new Map<string, Promise<UserDatabase>>();
  byLayers.set(session, ofSession);
  const key = decisiveLayers(layerDirectories).join("\n");
  let reading = ofSession.get(key);
  if (!reading) {
    reading = request(session, (writer) => writer.nested(Tag.PLAN, (nested) => writePlan(nested, rootfsPlan(session, record, false))));
    ofSession.set(key, reading);
  }
  byImage.set(inspect, reading);
  reading.catch(() => {
    byImage.delete(inspect);
    ofSession.delete(key);
  });
  return reading;
}

/** Layers that can say something of the two files: where links may lead elsewhere, all of them. */
function decisiveLayers(directories: readonly string[]): readonly string[] {
  const kind = (...place: string[]) => lstatSync(path.join(...place), { throwIfNoEntry: false });
  const having = directories.filter((directory) => kind(directory, "etc"));
  const plain = having.every(
    (directory) =>
      kind(directory, "etc")?.isDirectory() && ["passwd", "group"].every((name) => kind(directory, "etc", name)?.isFile() ?? true),
  );
  return plain ? having : directories;
}

/** Mounts the root file system of a container that does not run. */
export function rootfsPlan(session: Session, record: ContainerRecord, writable: boolean) {
  return planRootfs({
    layers: record.image.layerDirectories,
    scratch: record.onDisk || writable ? record.scratch : undefined,
    mountpoint: session.mountpoint,
    writable,
    host: hostOf(session.host, record),
    work: writable ? record.nextWork() : undefined,
    durable: record.durable,
  });
}

/** The user to whom a container's entry point would change, where the container is to start as root. */
export async function readExpectedUser(session: Session, record: ContainerRecord): Promise<string | undefined> {
  const { id, spec } = record;
  const users = await readUsers(session, record);
  const { argv, env, user } = resolveProcess({ id, spec, image: record.image.inspect.config, users });
  if (spec.user !== undefined || user.uid !== 0) return undefined;
  const reply = await session.supervisor.request(Message.READ_FILE, (writer) => {
    writer.nested(Tag.PLAN, (nested) => writePlan(nested, rootfsPlan(session, record, false)));
    for (const place of programPlaces(argv[0]!, searchPath(env))) writer.text(Tag.PATH, place);
    writer.u64(Tag.LIMIT, LIMIT);
  });
  const script = reply
    .structures(Tag.FILE)
    .map((file) => file.bytes(Tag.DATA)?.toString("latin1"))
    .find((text) => text !== undefined);
  return script === undefined ? undefined : expectedUser(script, users);
}

async function request(session: Session, root: (writer: FieldWriter) => void): Promise<UserDatabase> {
  const reply = await session.supervisor
    .request(Message.READ_FILE, (writer) => {
      root(writer);
      writer.text(Tag.PATH, "etc/passwd").text(Tag.PATH, "etc/group").u64(Tag.LIMIT, LIMIT);
    })
    .catch(tellShortage("Reading the users of the image"));
  const [passwd, group] = reply.structures(Tag.FILE).map((file) => file.text(Tag.DATA) ?? "");
  return parseUserDatabase(passwd ?? "", group ?? "");
}
