/** Whether there is a daemon to ask, a server that runs, or something that an earlier one left: else nobody need be started to say no. */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { choosesDaemon, dataRoot } from "../../engine/open.js";

export async function isAnythingKept(environment: NodeJS.ProcessEnv): Promise<boolean> {
  if (await choosesDaemon(environment)) return true;
  const root = dataRoot(environment);
  return existsSync(path.join(root, "server.lock")) || ["containers", "networks"].some((part) => hasFiles(path.join(root, part)));
}

function hasFiles(directory: string): boolean {
  try {
    return readdirSync(directory).some((name) => name.endsWith(".json"));
  } catch {
    return false;
  }
}
