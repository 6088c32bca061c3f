/** Listening sockets of a process's network namespace, as this host's /proc shows them. Anybody may read them. */
import { readFile } from "node:fs/promises";
import type { ListeningSocket } from "../../engine.js";
import { SOCKET_TABLES, socketsOf } from "./proc-net.js";

/** Undefined once the process is gone. */
export async function readSockets(pid: number): Promise<ListeningSocket[] | undefined> {
  const tables = await Promise.all(
    SOCKET_TABLES.map(async (table) => {
      const text = await readFile(`/proc/${pid}/net/${table}`, "utf8").catch(() => undefined);
      return text === undefined ? undefined : socketsOf(table, text);
    }),
  );
  return tables.every((table) => table === undefined) ? undefined : tables.flatMap((table) => table ?? []);
}
