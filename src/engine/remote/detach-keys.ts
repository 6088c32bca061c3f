/** Detach keys as the daemon takes them. */
import { parseDetachKeys } from "../spec/detach-keys.js";

/** The API has no word for "none": an empty text is the default. Nobody types these. */
const NONE = "ctrl-_,ctrl-^,ctrl-],ctrl-_,ctrl-\\,ctrl-^,ctrl-_,ctrl-]";

export interface DaemonKeys {
  /** Undefined for the daemon's default. */
  readonly text: string | undefined;
  readonly bytes: Buffer;
}

/** @throws OPTION_INVALID */
export function daemonKeys(wanted: string | undefined): DaemonKeys {
  return { text: wanted === "" ? NONE : wanted, bytes: parseDetachKeys(wanted) };
}
