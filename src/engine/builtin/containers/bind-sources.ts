/** Looks at the paths of the host that binds name. */
import { mkdir, readFile, realpath, stat } from "node:fs/promises";
import type { BindMountSpec } from "../../engine.js";
import { CaissonError, optionError } from "../../errors.js";

/** @throws PATH_NOT_FOUND, OPTION_INVALID */
export async function checkBindSource({ source, createSource = false, propagation = "rprivate" }: BindMountSpec): Promise<void> {
  try {
    await stat(source);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR")
      throw optionError("mounts.source", source, `a path of the host that can be read (${code})`);
    if (!createSource) {
      throw new CaissonError("PATH_NOT_FOUND", `The path to bind is not there: ${source}`, {
        facts: { path: source },
        cause,
        remedy: "Make it first, or let it be made with `createSource`, as docker's -v does.",
      });
    }
    await mkdir(source, { recursive: true }).catch((error: Error) => {
      throw optionError("mounts.source", source, `a path of the host that can be made (${error.message || message})`);
    });
  }
  if (!propagation.endsWith("private")) await checkPropagation(source, propagation);
}

/** As docker does: a mount that the host doesn't share would be private without a word. */
async function checkPropagation(source: string, propagation: string): Promise<void> {
  const { target, fields } = mountOf(await realpath(source), await readFile("/proc/self/mountinfo", "utf8"));
  const shared = fields.some((field) => field.startsWith("shared:"));
  const slave = fields.some((field) => field.startsWith("master:"));
  if (shared || (slave && propagation.endsWith("slave"))) return;
  throw optionError("mounts.propagation", propagation, `private for ${source}: it is mounted on ${target}, which is not shared`, [
    "private",
    "rprivate",
  ]);
}

/** The mount that a path is on, and its optional fields (proc_pid_mountinfo(5)). Of those at one place the last one counts. */
export function mountOf(source: string, mountinfo: string): { readonly target: string; readonly fields: readonly string[] } {
  let found: { target: string; fields: readonly string[] } = { target: "/", fields: [] };
  for (const line of mountinfo.trim().split("\n")) {
    const [, , , , place = "", , ...rest] = line.split(" ");
    const target = place.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const covers = target === "/" || source === target || source.startsWith(`${target}/`);
    if (covers && target.length >= found.target.length) found = { target, fields: rest.slice(0, rest.indexOf("-")) };
  }
  return found;
}
