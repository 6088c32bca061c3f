/** Options of docker's `local` driver: those that can be served. Pure. */
import { optionError, UnsupportedError } from "../../errors.js";

const KEYS = ["type", "o", "device"];

/** @throws OPTION_INVALID, UNSUPPORTED */
export function checkVolumeOptions(options: Readonly<Record<string, string>>): void {
  const names = Object.keys(options);
  if (names.length === 0) return;
  const unknown = names.find((name) => !KEYS.includes(name));
  if (unknown !== undefined) throw optionError(`options.${unknown}`, options[unknown], "absent: there is no such option", KEYS);
  const { type = "none", o = "", device } = options;
  if (type !== "none" || !o.split(",").some((word) => word === "bind" || word === "rbind")) {
    throw new UnsupportedError(
      "builtin",
      `a volume of type ${type} (o=${o})`,
      "volumes are directories of the host",
      "Use a directory ({ type: none, o: bind, device: PATH }), or a tmpfs mount of the container.",
    );
  }
  if (!device?.startsWith("/")) throw optionError("options.device", device, "an absolute path of the host");
}
