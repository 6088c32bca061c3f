/** What a build was given for `RUN --mount=type=ssh` and git: the socket of an agent, or files of private keys. */
import type { Stats } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createConnection } from "node:net";
import path from "node:path";
import type { Duplex } from "node:stream";
import { keyAgent } from "./key-agent.js";
import { type PrivateKey, parsePrivateKey } from "./private-key.js";

export interface SshAgent {
  /** Where it listens, unless it is in this process. */
  readonly socket: string | undefined;
  connect(): Duplex;
}

/** No key is longer; BuildKit reads as much. */
const KEY_FILE_MAX_BYTES = 100 << 10;

/**
 * @param given a socket, or one or more files of private keys
 * @throws Error which says of what was given why it is no agent
 */
export async function openAgent(given: string | readonly string[]): Promise<SshAgent> {
  const places = typeof given === "string" ? [given] : given;
  const found = await Promise.all(places.map(look));
  const keys = found.flatMap((each) => each.key ?? []);
  if (keys.length > 0 && keys.length === found.length) return { socket: undefined, connect: () => keyAgent(keys) };
  const [socket] = places;
  if (socket === undefined || found.length > 1) throw new Error(`${places.join(", ")}: expected one agent's socket, or private keys alone`);
  return { socket, connect: () => createConnection(socket) };
}

/** Without a key it is a socket. */
async function look(place: string): Promise<{ readonly key?: PrivateKey }> {
  let found: Stats;
  try {
    found = await stat(place);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(code === "ENOENT" || code === "ENOTDIR" ? `${place} is not there` : message, { cause: error });
  }
  if (found.isSocket()) return {};
  try {
    if (!found.isFile()) throw new Error("it is no file");
    if (found.size > KEY_FILE_MAX_BYTES) throw new Error("it is too long for a key");
    return { key: parsePrivateKey(await readFile(place, "utf8"), path.basename(place)) };
  } catch (error) {
    throw new Error(`${place} is no agent's socket and no private key: ${(error as Error).message}`, { cause: error });
  }
}
