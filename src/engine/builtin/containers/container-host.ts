/**
 * The host as a container finds it whose files are there already. One whose root file system is a copy of the image's layers stays one, on a
 * host that could mount an overlay as well: what it has written is in that copy.
 */
import { UnsupportedError } from "../../errors.js";
import type { HostFacts } from "../runtime/host-facts.js";
import type { ContainerRecord } from "./container-record.js";

const IS_COPY = "the root file system was made as a copy";

export function hostOf(host: HostFacts, { copied }: Pick<ContainerRecord, "copied">): HostFacts {
  return copied && host.overlayRefused === undefined ? { ...host, overlayRefused: IS_COPY } : host;
}

/** @throws UNSUPPORTED where what it has written is an overlay's layer, and this host mounts none: a copy of the image would hide it */
export function checkRootfs({ overlayRefused }: HostFacts, copied: boolean): void {
  if (copied || overlayRefused === undefined) return;
  throw new UnsupportedError(
    "builtin",
    "rootfs.overlay",
    `what the container has written is the layer of an overlay, and none can be mounted here: ${overlayRefused}. Nothing of it is lost`,
    "Start the server where the data root can hold overlays, as it could when the container was made; `caisson doctor` says what hinders.",
  );
}
