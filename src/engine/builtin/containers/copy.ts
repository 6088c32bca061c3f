/** Copies between a container's file system and tar streams, resolved inside its root. */
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { CopyInOptions } from "../../engine.js";
import { abortError, CaissonError, throwIfAborted, UnsupportedError } from "../../errors.js";
import { inRoot } from "../../spec/mount-targets.js";
import { planMounts } from "../runtime/plan-mounts.js";
import { resolveUser } from "../runtime/users.js";
import { type FieldWriter, type Plan, writePlan } from "../supervisor/codec.js";
import { Message, Tag, UnpackFlag } from "../supervisor/protocol.js";
import { requestOutput, requestWithInput } from "../supervisor/stream-data.js";
import { describeErrno, SupervisorFailure } from "../supervisor/supervisor-failure.js";
import type { ContainerRecord } from "./container-record.js";
import { mountsOf } from "./mount-plan.js";
import type { Session } from "./session.js";
import { readUsers, rootfsPlan } from "./user-files.js";

/** @throws PATH_NOT_FOUND, LAYER_INVALID, COPY_FAILED, OPTION_INVALID, DISK_FULL, ABORTED */
export async function copyIn(
  session: Session,
  record: ContainerRecord,
  given: AsyncIterable<Uint8Array>,
  options: CopyInOptions,
): Promise<void> {
  const { path, signal } = options;
  throwIfAborted("copyIn", signal);
  const tar = options.containerUser ? await ownedByUser(session, record, given) : given;
  const flags = (options.noOverwriteDirNonDir ? UnpackFlag.NO_OVERWRITE_TYPE : 0) | (options.keepOwner === false ? UnpackFlag.NO_OWNER : 0);
  if (!record.running) record.onDisk = true;
  const fill = (writer: FieldWriter, token: bigint): void => {
    target(session, record, true)(writer);
    writer.text(Tag.PATH, inRoot(path)).u64(Tag.TOKEN_IN, token).u64(Tag.FLAGS, flags);
  };
  try {
    await requestWithInput(session.supervisor, Message.COPY_IN, fill, tar, { signal, operation: "copyIn" });
  } catch (error) {
    throw error instanceof SupervisorFailure ? copyFailure(error, record, path, signal) : error;
  }
}

/** Nobody's where nobody was named: owners stay as they are then, as with dockerd. */
async function ownedByUser(session: Session, record: ContainerRecord, tar: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const user = record.spec.user ?? record.image.inspect.config.user;
  if (user === "") return tar;
  const [users, { ownedTar }] = await Promise.all([readUsers(session, record), import("../../build-context/owned-tar.js")]);
  return ownedTar(tar, resolveUser(user, users));
}

/** @throws PATH_NOT_FOUND at once; later failures destroy the stream with COPY_FAILED */
export async function copyOut(session: Session, record: ContainerRecord, path: string, signal: AbortSignal | undefined): Promise<Readable> {
  throwIfAborted("copyOut", signal);
  return packed(session, record, { root: target(session, record, false), path, signal });
}

/** @throws COPY_FAILED, ABORTED */
export async function exportFiles(session: Session, record: ContainerRecord, signal: AbortSignal | undefined): Promise<Readable> {
  throwIfAborted("export", signal);
  // Of one that runs, too: in its own mounts are the kernel's file systems, which have no end.
  const plan = rootfsPlan(session, record, false);
  const root = (writer: FieldWriter): void => void writer.nested(Tag.PLAN, (nested) => writePlan(nested, plan));
  const tar = await packed(session, record, { root, path: "/", signal });
  const { withoutMounts } = await import("../../build-context/renamed-tar.js");
  return withoutMounts(
    tar,
    record.mounts.map((mount) => mount.target),
  );
}

interface PackedPath {
  /** Names the root file system. */
  readonly root: (writer: FieldWriter) => void;
  /** In it. */
  readonly path: string;
  readonly signal: AbortSignal | undefined;
}

async function packed(session: Session, record: ContainerRecord, { root, path, signal }: PackedPath): Promise<Readable> {
  const { token, socket } = session.supervisor.openStream();
  const done = session.supervisor
    .request(
      Message.COPY_OUT,
      (writer) => {
        root(writer);
        writer.text(Tag.PATH, inRoot(path)).u64(Tag.TOKEN_OUT, token);
      },
      { signal, operation: "copyOut" },
    )
    .then(
      () => undefined,
      (error: unknown) => (error instanceof SupervisorFailure ? copyFailure(error, record, path, signal) : (error as Error)),
    );
  return readableOrFailure(socket, done);
}

/** Resolves with the socket once data has come, so that a path which is not there rejects instead of erroring a stream. */
async function readableOrFailure(socket: Socket, done: Promise<Error | undefined>): Promise<Readable> {
  const readable = new Promise<undefined>((resolve) => socket.once("readable", () => resolve(undefined)));
  socket.on("error", () => {});
  const failure = await Promise.race([readable, done]);
  const first = socket.readableLength > 0;
  if (!first) {
    const error = failure ?? (await done);
    if (error) {
      socket.destroy();
      throw error;
    }
  }
  socket.end();
  return requestOutput(
    socket,
    done.then((error) => {
      if (error) throw error;
    }),
  );
}

function target(session: Session, record: ContainerRecord, writable: boolean): (writer: FieldWriter) => void {
  if (record.running) return (writer) => writer.text(Tag.ID, record.id);
  const plan = planWithMounts(session, record, writable);
  return (writer) => writer.nested(Tag.PLAN, (nested) => writePlan(nested, plan));
}

/** The root file system of a container that does not run, with its volumes and binds in it as docker has them there. */
function planWithMounts(session: Session, record: ContainerRecord, writable: boolean): Plan {
  const { mounts, layerVolumes } = mountsOf(record);
  const lasting = mounts.filter(({ source }) => source.kind !== "tmpfs");
  const holder = lasting.find(({ source }) => source.kind === "container");
  if (holder) {
    const reason = `another container uses the volume at ${holder.target} of ${record.name}, which does not run`;
    throw new UnsupportedError("builtin", "this copy", reason, "Copy through the container that runs.");
  }
  if (lasting.length === 0) return rootfsPlan(session, record, writable);
  // Places to mount on may have to be made, and that in no layer of the image.
  record.onDisk = true;
  const { mountpoint, host } = session;
  const { sources, contents, places } = planMounts(lasting, { mountpoint, host });
  const directories = layerVolumes.map((volume) => ({ op: "MKDIR" as const, path: inRoot(volume), mode: 0o755 }));
  return [...sources, ...rootfsPlan(session, record, true), ...contents, ...directories, ...places];
}

function copyFailure(failure: SupervisorFailure, record: ContainerRecord, path: string, signal: AbortSignal | undefined): CaissonError {
  if (signal?.aborted) return abortError("copy", signal);
  const where = `${record.name}:${path}`;
  if (failure.code === "ENOSPC" || failure.code === "EDQUOT") {
    return new CaissonError("DISK_FULL", `No space left while copying to ${where}`, { facts: { path }, cause: failure });
  }
  if (failure.entry !== undefined && !failure.isShortage) {
    return new CaissonError("LAYER_INVALID", `The archive for ${where} has an entry that is refused: ${failure.entry}: ${failure.doing}`, {
      facts: { entry: failure.entry, reason: failure.doing },
      cause: failure,
    });
  }
  if (failure.code === "ENOENT" || failure.code === "ENOTDIR") {
    return new CaissonError("PATH_NOT_FOUND", `${where}: ${describeErrno(failure.errno)}`, { facts: { path }, cause: failure });
  }
  return new CaissonError("COPY_FAILED", `Copying ${where} failed: ${failure.message}`, {
    facts: { path, errno: failure.code },
    cause: failure,
  });
}
