/** Unpacking and packing of layers by the supervisor's workers. */
import type { Readable } from "node:stream";
import { CaissonError } from "../../errors.js";
import type { LayerTools, PackOptions, UnpackedLayer } from "../images/layer-tools.js";
import { type Fields, type FieldWriter, writePlan } from "../supervisor/codec.js";
import { Message, Tag, UnpackFlag } from "../supervisor/protocol.js";
import { requestOutput, requestWithInput } from "../supervisor/stream-data.js";
import type { Supervisor } from "../supervisor/supervisor.js";
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";

/** So many paths fit into one request, however long they are. */
const INHERIT_AT_ONCE = 500;

/** @param supervisor opens the session on first use */
export function supervisorLayerTools(supervisor: () => Promise<Supervisor>): LayerTools {
  return {
    unpack: async (directory, tar, { signal, keepOwner = true } = {}) =>
      counts(await unpackLayer(await supervisor(), directory, tar, keepOwner ? 0 : UnpackFlag.NO_OWNER, signal)),
    unpackBlob: async (directory, blob, { gzip, signal }) => {
      const flags = UnpackFlag.DIGEST | (gzip ? UnpackFlag.GZIP : 0);
      const reply = await unpackLayer(await supervisor(), directory, blob, flags, signal);
      const digest = reply.bytes(Tag.DIGEST)?.toString("hex") ?? "";
      return { ...counts(reply), diffId: `sha256:${digest}`, tarSize: reply.u64(Tag.SIZE) ?? 0 };
    },
    inherit: async (directory, implicit, lower) => {
      for (const paths of portions(implicit)) await inherit(await supervisor(), directory, paths, lower);
    },
    pack: async (directory, options) => packDirectory(await supervisor(), directory, options),
    chown: async (path, uid, gid) => {
      await (await supervisor())
        .request(Message.TRY, (writer) =>
          writer.u64(Tag.CLONE_FLAGS, 0).nested(Tag.PLAN, (nested) => writePlan(nested, [{ op: "HOST_CHOWN", path, uid, gid }])),
        )
        .catch((error: unknown) => {
          throw error instanceof SupervisorFailure ? error.asError(`Changing the owner of ${path}`) : error;
        });
    },
    removeTree: async (path, now = false) => {
      await (await supervisor())
        .request(Message.REMOVE_TREE, (writer) => writer.text(Tag.PATH, path).u64(Tag.FLAGS, now ? 0 : 1))
        .catch((error: unknown) => {
          if (error instanceof SupervisorFailure && error.code === "ENOENT") return;
          throw error instanceof SupervisorFailure ? error.asError(`Removing ${path}`) : error;
        });
    },
  };
}

async function unpackLayer(
  supervisor: Supervisor,
  directory: string,
  bytes: AsyncIterable<Uint8Array>,
  flags: number,
  signal: AbortSignal | undefined,
): Promise<Fields> {
  const fill = (writer: FieldWriter, token: bigint): void =>
    void writer
      .text(Tag.PATH, directory)
      .u64(Tag.TOKEN_IN, token)
      .u64(Tag.FLAGS, UnpackFlag.LAYER | flags | (supervisor.inUserNamespace ? UnpackFlag.USERXATTR : 0));
  return requestWithInput(supervisor, Message.UNPACK, fill, bytes, { signal, operation: "unpack" }).catch((error: unknown) => {
    throw error instanceof SupervisorFailure ? layerFailure(error, directory) : error;
  });
}

function counts(reply: Fields): UnpackedLayer {
  const implicit = reply.all(Tag.IMPLICIT).map((path) => path.toString("utf8"));
  return {
    entries: reply.u64(Tag.ENTRIES) ?? 0,
    bytes: reply.u64(Tag.BYTES) ?? 0,
    ...(implicit.length > 0 ? { implicit } : {}),
  };
}

function* portions(paths: readonly string[]): Generator<readonly string[]> {
  for (let at = 0; at < paths.length; at += INHERIT_AT_ONCE) yield paths.slice(at, at + INHERIT_AT_ONCE);
}

async function inherit(supervisor: Supervisor, directory: string, implicit: readonly string[], lower: readonly string[]): Promise<void> {
  const fill = (writer: FieldWriter): void => {
    writer.text(Tag.PATH, directory);
    for (const path of implicit) writer.text(Tag.IMPLICIT, path);
    for (const path of lower) writer.text(Tag.LOWER, path);
  };
  await supervisor.request(Message.INHERIT, fill).catch((error: unknown) => {
    throw error instanceof SupervisorFailure ? layerFailure(error, directory) : error;
  });
}

/** A layer directory as a tar stream; fails the stream when the worker does. */
export async function packDirectory(
  supervisor: Supervisor,
  directory: string,
  { newest, exclude = [] }: PackOptions = {},
): Promise<Readable> {
  const { token, socket } = supervisor.openStream();
  const done = supervisor
    .request(Message.PACK, (writer) => {
      writer.text(Tag.PATH, directory).u64(Tag.TOKEN_OUT, token);
      if (newest !== undefined) writer.u64(Tag.MTIME, newest);
      for (const path of exclude) writer.text(Tag.EXCLUDE, path);
    })
    .catch((error: unknown) => {
      throw error instanceof SupervisorFailure ? error.asError(`Packing ${directory}`) : error;
    });
  return requestOutput(socket, done);
}

function layerFailure(failure: SupervisorFailure, directory: string): CaissonError {
  if (failure.code === "ENOSPC" || failure.code === "EDQUOT") {
    return new CaissonError("DISK_FULL", `No space left while unpacking a layer to ${directory}`, {
      facts: { path: directory },
      cause: failure,
    });
  }
  if (failure.isShortage) return failure.asError(`Unpacking a layer to ${directory}`);
  if (failure.entry === undefined && ["EACCES", "EPERM", "EROFS", "ENOENT"].includes(failure.code)) {
    return new CaissonError("STORE_UNWRITABLE", `A layer can't be unpacked to ${directory}: ${failure.message}`, {
      facts: { path: directory },
      cause: failure,
      remedy: "Set CAISSON_HOME to a directory that this user can write to.",
    });
  }
  const at = failure.entry === undefined ? "" : ` at ${failure.entry}`;
  return new CaissonError("LAYER_INVALID", `A layer's archive is refused${at}: ${failure.message}`, {
    facts: { entry: failure.entry, reason: failure.doing },
    cause: failure,
  });
}
