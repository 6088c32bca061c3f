/** Which paths of the host clients may mount: all of them, or what is below an allow list. */
import { realpath } from "node:fs/promises";
import path from "node:path";
import type { MountSpec } from "../engine.js";
import { HttpFailure } from "./http-failure.js";

export class BindPolicy {
  readonly #roots: readonly string[] | undefined;

  /** @param roots absolute paths; undefined for every path */
  constructor(roots: readonly string[] | undefined) {
    this.#roots = roots;
  }

  /** Links are followed first, so that none leads out. @throws HttpFailure */
  async check(mounts: readonly MountSpec[]): Promise<void> {
    for (const mount of mounts) if (mount.type === "bind") await this.checkPath(mount.source);
  }

  async checkPath(source: string): Promise<void> {
    if (this.#roots === undefined) return;
    const real = await resolved(path.resolve(source));
    const roots = await Promise.all(this.#roots.map(resolved));
    if (roots.some((root) => real === root || real.startsWith(root === "/" ? root : `${root}/`))) return;
    throw new HttpFailure(403, `mounting ${source} is not allowed here: this server was started with a list of paths that may be mounted`);
  }
}

/** What is missing yet would be made: of its nearest parent that is there. */
async function resolved(file: string): Promise<string> {
  const rest: string[] = [];
  for (let at = file; ; at = path.dirname(at)) {
    const real = await realpath(at).catch(() => undefined);
    if (real !== undefined) return path.join(real, ...rest);
    if (at === "/") return file;
    rest.unshift(path.basename(at));
  }
}
