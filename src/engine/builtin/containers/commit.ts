/** An image from a container: its writable layer on top of the image it was made from. */
import type { Readable } from "node:stream";
import type { CommitOptions, ImageInspect } from "../../engine.js";
import { throwIfAborted } from "../../errors.js";
import { inRoot } from "../../spec/mount-targets.js";
import type { ImageStore } from "../images/image-store.js";
import { writePlan } from "../supervisor/codec.js";
import { Message, Tag } from "../supervisor/protocol.js";
import { SupervisorFailure, tellShortage } from "../supervisor/supervisor-failure.js";
import { committedConfig } from "./committed-config.js";
import type { ContainerRecord } from "./container-record.js";
import { packDirectory } from "./layer-tools.js";
import type { Session } from "./session.js";
import { rootfsPlan } from "./user-files.js";
import { withWrittenLayer, writtenBy } from "./written-layer.js";

/** @throws DISK_FULL, OPTION_INVALID, ABORTED */
export async function commitContainer(
  session: Session,
  images: ImageStore,
  record: ContainerRecord,
  options: CommitOptions,
): Promise<ImageInspect> {
  throwIfAborted("commit", options.signal);
  const exclude = record.onDisk ? await volumesInLayer(session, record) : [];
  const commit = (layer?: Readable) =>
    images.commitLayer({
      parent: record.image.inspect,
      config: committedConfig(record.spec, record.image.inspect.config),
      layer,
      reference: options.reference,
      changes: options.changes ?? [],
      author: options.author,
      comment: options.comment,
      createdBy: record.process?.argv.join(" "),
      signal: options.signal,
    });
  if (!record.onDisk) return commit();
  try {
    return await withWrittenLayer(session, writtenBy(record), async (directory) =>
      commit(await packDirectory(session.supervisor, directory, { exclude })),
    );
  } catch (error) {
    throw error instanceof SupervisorFailure ? error.asError(`Comparing container ${record.name} with its image`) : error;
  }
}

/** Where the writable layer has volumes, after the image's links. */
export async function volumesInLayer(session: Session, record: ContainerRecord): Promise<readonly string[]> {
  const targets = record.ownVolumes.filter(({ place }) => place === "layer").map(({ target }) => target);
  if (targets.length === 0) return [];
  const reply = await session.supervisor
    .request(Message.READ_FILE, (writer) => {
      if (record.running) writer.text(Tag.ID, record.id);
      else writer.nested(Tag.PLAN, (nested) => writePlan(nested, rootfsPlan(session, record, false)));
      for (const target of targets) writer.text(Tag.PATH, inRoot(target));
      writer.u64(Tag.LIMIT, 0);
    })
    .catch(tellShortage("Looking for volumes"));
  return reply.structures(Tag.FILE).flatMap((file) => file.text(Tag.PATH) || []);
}
