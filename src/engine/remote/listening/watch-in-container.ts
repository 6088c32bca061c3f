/** Listening sockets as a shell in the container sees them: one process, which tells what changes and ends with its input. */
import { createInterface } from "node:readline";
import type { ListeningSocket } from "../../engine.js";
import { containerPath } from "../container-path.js";
import type { DockerClient } from "../docker-client.js";
import { standardStreams } from "../standard-streams.js";
import { SOCKET_TABLES, socketOf } from "./proc-net.js";

/** Nothing but the shell's own words in the loop, apart from the pause. */
const SCRIPT = `exec 3<&0
{ read -r _ <&3; kill $$; } &
last=none
while :; do
  now=
  for table in ${SOCKET_TABLES.join(" ")}; do
    [ -r /proc/net/$table ] || continue
    while read -r _ local _ state _; do
      case $table$state in tcp*0A | udp*07) now="$now $table/$local" ;; esac
    done </proc/net/$table
  done
  [ "$now" = "$last" ] || echo "$now"
  last=$now
  sleep 0.05 2>/dev/null || sleep 1
done`;

/** Ends at once where there is no shell, and with the container. */
export async function* shellSockets(
  client: DockerClient,
  container: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListeningSocket[]> {
  const request = { doing: `Looking at the sockets of container ${container}`, container, signal };
  const { Id } = await client.json<{ Id: string }>("POST", containerPath(container, "/exec"), {
    ...request,
    json: { AttachStdin: true, AttachStdout: true, Cmd: ["sh", "-c", SCRIPT] },
  });
  const socket = await client.hijack(`/exec/${Id}/start`, { ...request, json: { Detach: false, Tty: false } });
  const streams = standardStreams(socket, { terminal: false, stdin: true, detachKeys: Buffer.alloc(0) });
  const onAbort = (): void => void streams.stdin?.end();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    for await (const line of createInterface({ input: streams.stdout })) {
      if (line !== "" && !/^( (tcp|udp)6?\/[0-9A-F]+:[0-9A-F]+)+$/.test(line)) return;
      yield line.split(" ").filter(Boolean).map(parse);
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    streams.stdin?.end();
  }
}

function parse(word: string): ListeningSocket {
  const [table = "", local = ""] = word.split("/");
  return socketOf(table.startsWith("tcp") ? "tcp" : "udp", local);
}
