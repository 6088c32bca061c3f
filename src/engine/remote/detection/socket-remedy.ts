/** Who may use a socket that refused us. */
import { readFile, stat } from "node:fs/promises";
import { userInfo } from "node:os";

export async function socketRemedy(socket: string): Promise<string> {
  try {
    const { gid, mode } = await stat(socket);
    const group = groupName(await readFile("/etc/group", "utf8").catch(() => ""), gid);
    if ((mode & 0o060) === 0o060 && gid !== 0)
      return `${socket} is for members of the group ${group}: \`sudo usermod -aG ${group} ${userName()}\`, then log in again.`;
    return `${socket} is for its owner alone: run a rootless daemon of your own, or have the daemon's socket belong to a group of yours.`;
  } catch {
    return `${socket} is in a directory that this user may not enter: run a rootless daemon of your own, or set DOCKER_HOST to another.`;
  }
}

/** @param groups /etc/group @returns the number where it has no name */
export function groupName(groups: string, gid: number): string {
  for (const line of groups.split("\n")) {
    const [name, , id] = line.split(":");
    if (name && Number(id) === gid) return name;
  }
  return String(gid);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "USER"; // a number without an entry in /etc/passwd
  }
}
