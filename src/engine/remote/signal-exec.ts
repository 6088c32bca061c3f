/**
 * Signals for a further process: the API has none. Where the daemon's processes are this host's, they are sent as to any process; else a
 * second one in the container sends them.
 */
import { readFile } from "node:fs/promises";
import { UnsupportedError } from "../errors.js";
import { signalNumber } from "../spec/signals.js";
import { containerPath } from "./container-path.js";
import type { DockerClient } from "./docker-client.js";

export interface ExecTarget {
  /** As the daemon's host sees it. */
  readonly pid: number;
  readonly command: readonly string[];
}

/**
 * In the container: what was put there from outside has no parent there, and its command line tells which one it is.
 * `$1` is the signal, the rest the command line.
 */
const SCRIPT = `signal=$1; shift; wanted="$*"
for directory in /proc/[0-9]*; do
  pid=\${directory#/proc/}
  [ "$pid" = 1 ] || [ "$pid" = $$ ] && continue
  read -r _ name state parent rest <"$directory/stat" 2>/dev/null || continue
  case "$name" in *\\)) ;; *) continue ;; esac
  [ "$parent" = 0 ] || continue
  [ "$(tr '\\0' ' ' <"$directory/cmdline")" = "$wanted " ] && kill -"$signal" "$pid"
done`;

/** @throws UNSUPPORTED where neither is possible */
export async function signalExec(client: DockerClient, container: string, target: ExecTarget, signal: string | number): Promise<void> {
  const number = signalNumber(signal);
  const json = await client.json<{ Id: string }>("GET", containerPath(container, "/json"), {
    doing: `Inspecting container ${container}`,
    container,
  });
  if (client.host.kind === "unix" && (await isOurs(target.pid, json.Id))) {
    try {
      process.kill(target.pid, number);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ESRCH") return;
      if (code !== "EPERM") throw error;
    }
  }
  await signalFromWithin(client, container, target, number);
}

/** The number is that of a process of the container here, too, and not of a namespace or machine of the daemon's own. */
export async function isOurs(pid: number, containerId: string): Promise<boolean> {
  if (pid <= 0 || process.platform !== "linux") return false;
  const cgroups = await readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => "");
  return cgroups.includes(containerId);
}

async function signalFromWithin(client: DockerClient, container: string, target: ExecTarget, number: number): Promise<void> {
  const request = { doing: `Sending signal ${number} to ${target.command.join(" ")} in container ${container}`, container };
  const { Id } = await client.json<{ Id: string }>("POST", containerPath(container, "/exec"), {
    ...request,
    json: { AttachStdout: true, AttachStderr: true, User: "0", Cmd: ["sh", "-c", SCRIPT, "sh", String(number), ...target.command] },
  });
  const socket = await client.hijack(`/exec/${Id}/start`, { ...request, json: { Detach: false, Tty: false } });
  socket.end();
  for await (const _ of socket);
  const { ExitCode } = await client.json<{ ExitCode: number | null }>("GET", `/exec/${Id}/json`, request);
  if (ExitCode !== 126 && ExitCode !== 127) return;
  throw new UnsupportedError(
    "remote",
    "a signal to a further process",
    `the API has none, and there is no shell in container ${container}`,
    "Stop or kill the container.",
  );
}
