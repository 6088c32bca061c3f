/** Users and groups as the container's own /etc/passwd and /etc/group have them (Docker's `--user`, OCI config `User`). */
import { optionError } from "../../errors.js";

export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

export interface UserDatabase {
  readonly passwd: readonly PasswdEntry[];
  readonly group: readonly GroupEntry[];
}

/** Who a process runs as. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, sorted, without repeats. */
  readonly groups: readonly number[];
  readonly home: string;
}

/** The largest id: -1 as unsigned means "leave as it is" to the kernel. */
const ID_MAX = 0xffff_fffe;

/** Lines that are malformed are passed over, as the C library does. */
export function parseUserDatabase(passwd: string, group: string): UserDatabase {
  return {
    passwd: lines(passwd).flatMap(([name, , uid, gid, , home]) => {
      const ids = [parseId(uid), parseId(gid)];
      return name && ids[0] !== undefined && ids[1] !== undefined ? [{ name, uid: ids[0], gid: ids[1], home: home ?? "" }] : [];
    }),
    group: lines(group).flatMap(([name, , gid, members]) => {
      const id = parseId(gid);
      return name && id !== undefined ? [{ name, gid: id, members: members?.split(",").filter(Boolean) ?? [] }] : [];
    }),
  };
}

/**
 * Looks up `user[:group]`. An all-digits user is a uid that need not exist (parsed strictly: CVE-2026-30892); a name must.
 * Without a group, the user's own and those that list it; with one, that alone. The group itself is among the supplementary ones, so that a
 * set-group-id program does not shed it (CVE-2022-36109).
 * @param user `""` means root
 * @throws OPTION_INVALID
 */
export function resolveUser(user: string, database: UserDatabase, groupAdd: readonly string[] = []): ProcessUser {
  const [userPart = "", groupPart, ...rest] = user.split(":");
  if (rest.length > 0 || groupPart === "") throw optionError("user", user, "`user` or `user:group`, by name or number");
  const entry = findUser(userPart || "0", database.passwd);
  const uid = entry?.uid ?? parseId(userPart || "0");
  if (uid === undefined) throw unknown("user", userPart, "/etc/passwd", database.passwd);
  const gid = groupPart === undefined ? (entry?.gid ?? 0) : groupId(groupPart, database, "user");
  const groups = new Set([gid, ...groupAdd.map((name) => groupId(name, database, "groupAdd"))]);
  if (groupPart === undefined && entry) {
    for (const candidate of database.group) if (candidate.members.includes(entry.name)) groups.add(candidate.gid);
  }
  return { uid, gid, groups: [...groups].sort((a, b) => a - b), home: entry?.home || "/" };
}

function findUser(text: string, passwd: readonly PasswdEntry[]): PasswdEntry | undefined {
  const id = parseId(text);
  return passwd.find((entry) => entry.name === text) ?? (id === undefined ? undefined : passwd.find((entry) => entry.uid === id));
}

function groupId(text: string, database: UserDatabase, option: string): number {
  const gid = database.group.find((entry) => entry.name === text)?.gid ?? parseId(text);
  if (gid === undefined) throw unknown(option, text, "/etc/group", database.group);
  return gid;
}

function unknown(option: string, name: string, file: string, known: readonly { readonly name: string }[]) {
  return optionError(option, name, `a number, or a name that is in the container's ${file}`, known.map((entry) => entry.name).slice(0, 40));
}

function parseId(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id <= ID_MAX ? id : undefined;
}

function lines(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"));
}
