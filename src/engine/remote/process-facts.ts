/** What ps(1) at the daemon does not tell of a container's processes, or not well enough. */
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { ContainerProcess } from "../engine.js";
import { isCaissonError } from "../errors.js";
import { copyOut } from "./copy.js";
import type { DockerClient } from "./docker-client.js";
import { isOurs } from "./signal-exec.js";

/** Unix98 pseudo terminals (Documentation/admin-guide/devices.txt): the container's own, of which the host has no device files. */
const PTS_MAJOR = 136;

/** Where the daemon's processes are this host's: words apart (ps joins them by spaces), the number inside, and the terminal. */
export async function seenFromHere(client: DockerClient, id: string, process: ContainerProcess): Promise<ContainerProcess> {
  if (client.host.kind !== "unix" || !(await isOurs(process.pid, id))) return process;
  const read = (file: string): Promise<string> => readFile(`/proc/${process.pid}/${file}`, "utf8").catch(() => "");
  const [line, status, stat] = await Promise.all([read("cmdline"), read("status"), read("stat")]);
  // Outermost first; a container on the host's namespace has one.
  const numbers = (/^NSpid:\s+(.+)$/m.exec(status)?.[1] ?? "").split(/\s+/).map(Number);
  return {
    ...process,
    containerPid: numbers[1] ?? numbers[0] ?? process.containerPid,
    tty: terminalOf(stat) ?? process.tty,
    // One that has just ended has none any more.
    argv: line === "" ? process.argv : line.replace(/\0$/, "").split("\0"),
  };
}

/** @param stat proc_pid_stat(5): the name in parentheses may hold anything */
function terminalOf(stat: string): string | undefined {
  const device = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[4] ?? 0);
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  return ((device >>> 8) & 0xfff) === PTS_MAJOR ? `pts/${minor}` : undefined;
}

/** Names by number, as the container's own /etc/passwd has them (passwd(5)). */
export async function userNames(client: DockerClient, id: string): Promise<ReadonlyMap<number, string>> {
  try {
    const { tarEntries } = await import("../build-context/tar-entries.js");
    const names = new Map<number, string>();
    for await (const entry of tarEntries(await copyOut(client, id, "/etc/passwd", undefined))) {
      for (const line of (await text(entry)).split("\n")) {
        const [name, , uid] = line.split(":");
        if (name && uid && !names.has(Number(uid))) names.set(Number(uid), name);
      }
    }
    return names;
  } catch (error) {
    if (isCaissonError(error, "PATH_NOT_FOUND") || isCaissonError(error, "COPY_FAILED")) return new Map();
    throw error;
  }
}
