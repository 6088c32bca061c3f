/** Options of docker's `local` driver: those that can be served. Pure. */
import { UnsupportedError } from "../../errors.js";

/** @throws UNSUPPORTED */
export function checkVolumeOptions(options: Readonly<Record<string, string>>): void {
  if (Object.keys(options).length === 0) return;
  const { type = "none", o = "" } = options;
  if (type !== "none" || !o.split(",").some((word) => word === "bind" || word === "rbind")) {
    throw new UnsupportedError(
      "builtin",
      `a volume of type ${type} (o=${o})`,
      "volumes are directories of the host",
      "Use a directory ({ type: none, o: bind, device: PATH }), or a tmpfs mount of the container.",
    );
  }
}
