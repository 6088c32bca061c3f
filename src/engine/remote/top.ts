/** A container's processes, as the daemon's ps(1) sees them. */
import type { ContainerProcess } from "../engine.js";
import { UnsupportedError } from "../errors.js";
import { containerPath } from "./container-path.js";
import type { DockerClient } from "./docker-client.js";
import { seenFromHere, userNames } from "./process-facts.js";

interface TopJson {
  readonly Titles: readonly string[];
  readonly Processes: readonly (readonly string[])[] | null;
}

/** The last one may hold spaces. */
const COLUMNS = ["pid", "ppid", "uid", "stat", "nlwp", "cputimes", "rss", "etimes", "tty", "comm", "args"];

/** @throws CONTAINER_NOT_RUNNING, UNSUPPORTED */
export async function topOf(client: DockerClient, container: string): Promise<ContainerProcess[]> {
  const answer = await client.json<TopJson | undefined>("GET", containerPath(container, "/top"), {
    doing: `Listing the processes of container ${container}`,
    container,
    // Podman would tell it again and again.
    query: { ps_args: `-eo ${COLUMNS.join(",")}`, stream: false },
  });
  // Podman (4.3) knows few columns itself, and has nothing to say where the container has no ps(1) of its own for the others.
  if (answer === undefined) throw new UnsupportedError("remote", "top", "the daemon does not tell the columns that it takes");
  const { Id: id } = await client.json<{ Id: string }>("GET", containerPath(container, "/json"), {
    doing: `Inspecting container ${container}`,
    container,
  });
  const names = await userNames(client, id);
  const processes = await Promise.all((answer.Processes ?? []).map((row) => seenFromHere(client, id, processOf(row))));
  return processes.map((process) => ({ ...process, user: names.get(process.uid) ?? process.user })).sort((a, b) => a.pid - b.pid);
}

function processOf(row: readonly string[]): ContainerProcess {
  const value = (name: string): string => row[COLUMNS.indexOf(name)] ?? "";
  const number = (name: string): number => Number(value(name)) || 0;
  const tty = value("tty");
  return {
    pid: number("pid"),
    containerPid: 0,
    parentPid: number("ppid"),
    user: value("uid"),
    uid: number("uid"),
    state: value("stat").slice(0, 1),
    threads: number("nlwp"),
    cpuMs: number("cputimes") * 1000,
    memoryBytes: number("rss") * 1024,
    startedAt: new Date(Date.now() - number("etimes") * 1000),
    tty: tty === "?" || tty === "-" ? undefined : tty,
    argv: value("args").split(" "),
    name: value("comm"),
  };
}
