/** Looks at the host's paths that a spec names, so that planning can stay pure. */
import { stat } from "node:fs/promises";
import type { ContainerSpec } from "../../engine.js";
import { optionError } from "../../errors.js";
import type { HostDevices } from "../runtime/plan-devices.js";
import type { HostPathKind } from "../runtime/plan-user-mounts.js";
import { readHostDevices } from "./host-devices.js";

/** @throws OPTION_INVALID for a path that is missing or is no device */
export async function readHostPaths(
  spec: ContainerSpec,
): Promise<{ readonly kindOf: (hostPath: string) => HostPathKind; readonly devices: HostDevices }> {
  const sources = (spec.mounts ?? []).flatMap((mount) => (mount.type === "bind" ? [mount.source] : []));
  const kinds = new Map(await Promise.all(sources.map(async (source) => [source, await kindOfPath(source)] as const)));
  return { kindOf: (hostPath) => kinds.get(hostPath) ?? "file", devices: await readHostDevices(spec) };
}

async function kindOfPath(source: string): Promise<HostPathKind> {
  const found = await stat(source).catch((cause: NodeJS.ErrnoException) => {
    throw optionError("mounts.source", source, `a path of the host that can be read (${cause.code})`);
  });
  return found.isDirectory() ? "directory" : "file";
}
