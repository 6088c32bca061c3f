/** The short notation of a mount: docker's `-v`, and `HostConfig.Binds` of its API. Pure. */
import type { MountPropagation, MountSpec } from "./engine.js";
import { optionError } from "./errors.js";

const SHAPE = "[NAME or PATH:]TARGET[:OPTIONS]";
const PROPAGATIONS = ["private", "rprivate", "slave", "rslave", "shared", "rshared"];
/** Labels for SELinux, and how two copies of a file are kept alike on other systems: nothing to do here. */
const IGNORED = ["z", "Z", "consistent", "cached", "delegated"];
const OPTIONS = ["ro", "rw", "nocopy", ...PROPAGATIONS, ...IGNORED];

/**
 * `/host:/target:ro`, `name:/target:nocopy`, `/target` for an anonymous volume. A source that is missing is made.
 * @param resolve makes relative paths (`./x`) absolute
 * @throws OPTION_INVALID
 */
export function parseBind(text: string, resolve: (path: string) => string): MountSpec {
  const [first = "", second, options = "", ...more] = text.split(":");
  if (first === "" || second === "" || more.length > 0) throw optionError("volume", text, SHAPE);
  if (second === undefined) return { type: "volume", target: first };
  const words = options.split(",").filter(Boolean);
  const wrong = words.find((word) => !OPTIONS.includes(word));
  if (wrong !== undefined) throw optionError("volume", text, `${SHAPE}; ${JSON.stringify(wrong)} is no option`, OPTIONS);
  // `-v /target:ro` looks like it, and is not what anybody wants.
  if (OPTIONS.includes(second)) throw optionError("volume", text, `${SHAPE}: options need a source`);
  return /^[/.]/.test(first) ? bind(resolve(first), second, words) : volume(first, second, words, text);
}

function bind(source: string, target: string, words: readonly string[]): MountSpec {
  if (words.includes("nocopy")) throw optionError("volume", "nocopy", "absent: nothing is copied to a path of the host");
  const propagation = words.find((word) => PROPAGATIONS.includes(word)) as MountPropagation | undefined;
  return { type: "bind", source, target, readonly: words.includes("ro"), createSource: true, ...(propagation ? { propagation } : {}) };
}

function volume(source: string, target: string, words: readonly string[], text: string): MountSpec {
  if (source.includes("/")) throw optionError("volume", text, "a name without a slash, or a path that begins with `/` or `./`");
  const propagation = words.find((word) => PROPAGATIONS.includes(word));
  if (propagation !== undefined) throw optionError("volume", propagation, "absent: it is for paths of the host");
  return { type: "volume", source, target, readonly: words.includes("ro"), ...(words.includes("nocopy") ? { noCopy: true } : {}) };
}
