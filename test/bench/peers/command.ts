/** Running programs to their end, for the peers and fixtures. */
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

/** Why there is nothing to compare with: what is missing, and how to get it. */
export class PeerMissing extends Error {}

const exec = promisify(execFile);

/** Its stdout. @throws with its stderr where it fails */
export async function run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await exec(program, args, { maxBuffer: 1 << 28, env: { ...process.env, ...env } });
  return stdout;
}

/** The path of a program that is on the PATH or where Debian keeps administrators' programs. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const directory of [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"]) {
    const path = join(directory, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}
