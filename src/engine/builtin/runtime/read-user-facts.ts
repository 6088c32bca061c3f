/** Reads what the choice of a user namespace needs to know. Spawns nothing. */
import { accessSync, constants } from "node:fs";
import { userInfo } from "node:os";
import path from "node:path";
import { textOf } from "./text-of.js";
import type { UserFacts } from "./user-namespace.js";

export function readUserFacts(): UserFacts {
  const newuidmap = findProgram("newuidmap");
  const newgidmap = findProgram("newgidmap");
  return {
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    name: loginName(),
    subuid: textOf("/etc/subuid"),
    subgid: textOf("/etc/subgid"),
    programs: newuidmap !== undefined && newgidmap !== undefined ? { newuidmap, newgidmap } : undefined,
  };
}

function loginName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined; // an id without an entry in /etc/passwd
  }
}

function findProgram(name: string): string | undefined {
  const directories = [...(process.env["PATH"] ?? "").split(path.delimiter), "/usr/bin", "/bin", "/usr/local/bin"];
  return directories
    .filter((directory) => path.isAbsolute(directory))
    .map((directory) => path.join(directory, name))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
