/** Looks at the devices that a spec names, so that planning can stay pure. */
import { stat } from "node:fs/promises";
import type { ContainerSpec, DeviceSpec } from "../../engine.js";
import { optionError } from "../../errors.js";
import type { DeviceRule } from "../runtime/device-rules.js";

/** @throws OPTION_INVALID for what is no device */
export function readDeviceRules(spec: ContainerSpec): Promise<readonly DeviceRule[]> {
  return Promise.all((spec.devices ?? []).map(ruleOf));
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
