/** A tar of files, written over a root file system: what changed becomes a layer. */
import { withWrittenLayer } from "../../containers/written-layer.js";
import { planRootfs } from "../../runtime/plan-rootfs.js";
import { type FieldWriter, writePlan } from "../../supervisor/codec.js";
import { Message, Tag, UnpackFlag } from "../../supervisor/protocol.js";
import { requestWithInput } from "../../supervisor/stream-data.js";
import type { Workspace } from "./workspace.js";

/** @param below directories of the layers below, lowest first. @returns the diffID. @throws SupervisorFailure, DISK_FULL, ABORTED */
export async function writeLayer(
  workspace: Workspace,
  below: readonly string[],
  archives: readonly { readonly tar: AsyncIterable<Uint8Array>; readonly into?: string | undefined }[],
  signal?: AbortSignal,
): Promise<string> {
  const { session, layers, newest, keep } = workspace;
  const scratch = workspace.scratch();
  const lower = below.length > 0 ? below : [workspace.empty];
  for (const [index, { tar, into = "" }] of archives.entries()) {
    const plan = planRootfs({
      layers: lower,
      scratch,
      mountpoint: session.mountpoint,
      writable: true,
      host: session.host,
      work: `work-${index}`,
    });
    const fill = (writer: FieldWriter, token: bigint): void => {
      writer.nested(Tag.PLAN, (nested) => writePlan(nested, plan));
      writer.text(Tag.PATH, into).u64(Tag.TOKEN_IN, token).u64(Tag.FLAGS, UnpackFlag.NO_OVERWRITE_TYPE);
    };
    await requestWithInput(session.supervisor, Message.COPY_IN, fill, tar, { signal, operation: "copy" });
  }
  return withWrittenLayer(session, { layers: lower, scratch }, (directory) => layers.adopt(directory, { newest }, signal, keep));
}
