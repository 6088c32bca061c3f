/** An image from a container: its writable layer on top of the image it was made from. */

import path from "node:path";
import type { CommitOptions, ImageInspect } from "../../engine.js";
import { throwIfAborted } from "../../errors.js";
import type { ImageStore } from "../images/image-store.js";
import type { ContainerRecord } from "./container-record.js";
import { packDirectory } from "./layer-tools.js";
import type { Session } from "./session.js";

/** @throws DISK_FULL, OPTION_INVALID, ABORTED */
export async function commitContainer(
  session: Session,
  images: ImageStore,
  record: ContainerRecord,
  options: CommitOptions,
): Promise<ImageInspect> {
  throwIfAborted("commit", options.signal);
  const layer = record.onDisk ? await packDirectory(session.supervisor, path.join(record.scratch, "upper")) : undefined;
  return images.commitLayer({
    parent: record.image.inspect,
    layer,
    reference: options.reference,
    changes: options.changes ?? [],
    author: options.author,
    comment: options.comment,
    createdBy: record.process?.argv.join(" "),
    signal: options.signal,
  });
}
