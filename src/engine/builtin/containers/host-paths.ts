/** Looks at the host's paths that a spec names, so that planning can stay pure. */
import { stat } from "node:fs/promises";
import type { ContainerSpec, DeviceSpec } from "../../engine.js";
import { optionError } from "../../errors.js";
import type { DeviceRule } from "../runtime/device-rules.js";
import type { HostPathKind } from "../runtime/plan-user-mounts.js";

export interface HostPaths {
  readonly kindOf: (hostPath: string) => HostPathKind;
  readonly deviceRules: readonly DeviceRule[];
}

/** @throws OPTION_INVALID for a path that is missing or is no device */
export async function readHostPaths(spec: ContainerSpec): Promise<HostPaths> {
  const sources = (spec.mounts ?? []).flatMap((mount) => (mount.type === "bind" ? [mount.source] : []));
  const kinds = new Map(await Promise.all(sources.map(async (source) => [source, await kindOfPath(source)] as const)));
  return { kindOf: (hostPath) => kinds.get(hostPath) ?? "file", deviceRules: await Promise.all((spec.devices ?? []).map(ruleOf)) };
}

async function kindOfPath(source: string): Promise<HostPathKind> {
  const found = await stat(source).catch((cause: NodeJS.ErrnoException) => {
    throw optionError("mounts.source", source, `a path of the host that can be read (${cause.code})`);
  });
  return found.isDirectory() ? "directory" : "file";
}

async function ruleOf({ hostPath, permissions = "rwm" }: DeviceSpec): Promise<DeviceRule> {
  const found = await stat(hostPath).catch(() => undefined);
  if (!found || !(found.isCharacterDevice() || found.isBlockDevice()))
    throw optionError("devices.hostPath", hostPath, "a device of the host");
  if (!/^[rwm]+$/.test(permissions)) throw optionError("devices.permissions", permissions, "letters of `rwm`");
  // As the C library's major(3) and minor(3) take a device number apart.
  const device = BigInt(found.rdev);
  const major = Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn));
  const minor = Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n));
  return { type: found.isBlockDevice() ? "b" : "c", major, minor, permissions };
}
