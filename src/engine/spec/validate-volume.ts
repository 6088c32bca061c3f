/** Checks what a volume is to be, and whether another one is alike. Pure. */
import type { VolumeSpec } from "../engine.js";
import { optionError } from "../errors.js";
import { isVolumeName, VOLUME_NAME } from "./volume-names.js";

/** Of docker's `local` driver. */
const DRIVER_OPTIONS = ["type", "o", "device"];

/** @throws OPTION_INVALID */
export function validateVolume({ name, labels = {}, options = {} }: VolumeSpec): void {
  if (name !== undefined && !isVolumeName(name)) throw optionError("name", name, VOLUME_NAME);
  for (const [option, record] of Object.entries({ labels, options })) {
    if (typeof record !== "object" || record === null || Object.values(record).some((value) => typeof value !== "string"))
      throw optionError(option, record, "an object with string values");
  }
  const unknown = Object.keys(options).find((name) => !DRIVER_OPTIONS.includes(name));
  if (unknown !== undefined) throw optionError(`options.${unknown}`, options[unknown], "absent: there is no such option", DRIVER_OPTIONS);
  const { type = "none", o = "", device } = options;
  if (type === "none" && /\br?bind\b/.test(o) && !device?.startsWith("/"))
    throw optionError("options.device", device, "an absolute path of the host");
}

/** Nothing said is no difference. */
export function differ(wanted: Readonly<Record<string, string>> | undefined, actual: Readonly<Record<string, string>>): boolean {
  return wanted !== undefined && !(matches(actual, wanted) && matches(wanted, actual));
}

export function matches(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string | true>>): boolean {
  return Object.entries(wanted).every(([key, value]) => (value === true ? Object.hasOwn(labels, key) : labels[key] === value));
}
