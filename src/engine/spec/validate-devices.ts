/** Checks what a spec says about devices; whether the host has them, the engine sees. Pure. */
import type { DeviceSpec } from "../engine.js";
import { optionError } from "../errors.js";

/** @throws OPTION_INVALID */
export function validateDevices(devices: readonly DeviceSpec[]): void {
  for (const { hostPath, containerPath = hostPath, permissions = "rwm" } of devices) {
    if (typeof hostPath !== "string" || !hostPath.startsWith("/")) throw optionError("devices.hostPath", hostPath, "an absolute path");
    if (typeof containerPath !== "string" || !containerPath.startsWith("/"))
      throw optionError("devices.containerPath", containerPath, "an absolute path");
    if (!/^[rwm]+$/.test(permissions)) throw optionError("devices.permissions", permissions, "letters of `rwm`");
  }
}
