/**
 * The directory of what a container has written, as layers are: its overlay's upper one. Where its root file system is a copy, it is made by
 * comparing that with the image's layers, and is gone afterwards.
 */
import { randomBytes } from "node:crypto";
import path from "node:path";
import { copyOf, linkLayers } from "../runtime/plan-rootfs.js";
import { writePlan } from "../supervisor/codec.js";
import { Message, Tag } from "../supervisor/protocol.js";
import type { ContainerRecord } from "./container-record.js";
import type { Session } from "./session.js";

export interface Written {
  /** Of the image, lowest first. */
  readonly layers: readonly string[];
  readonly scratch: string;
  /** Whatever this host could do. @default as this host does it */
  readonly copied?: boolean | undefined;
}

/** @param use told the directory; it may take it away. @throws SupervisorFailure */
export async function withWrittenLayer<T>(
  session: Session,
  { layers, scratch, copied = false }: Written,
  use: (directory: string) => Promise<T>,
): Promise<T> {
  const { host, mountpoint, supervisor } = session;
  if (!copied && host.overlayRefused === undefined) return use(path.join(scratch, "upper"));
  const lower = linkLayers(layers, mountpoint);
  const directory = path.join(scratch, `written-${randomBytes(6).toString("hex")}`);
  try {
    await supervisor.request(Message.TRY, (writer) =>
      writer.nested(Tag.PLAN, (nested) =>
        writePlan(nested, [...lower.plan, { op: "TREE_DIFF", path: directory, cwd: copyOf(scratch), name: lower.directory }]),
      ),
    );
    return await use(directory);
  } finally {
    await supervisor.request(Message.REMOVE_TREE, (writer) => writer.text(Tag.PATH, directory)).catch(() => {}); // goes with the container
  }
}

/** Of a container. */
export function writtenBy({ image, scratch, copied }: Pick<ContainerRecord, "image" | "scratch" | "copied">): Written {
  return { layers: image.layerDirectories, scratch, copied };
}
