/** `user[:group]` to numbers, names looked up in a root file system. */
import { optionError } from "../../../errors.js";
import type { Session } from "../../containers/session.js";
import { usersInRoot } from "../files/root-files.js";
import type { Owner } from "./copy-files.js";

/** A number without a group is the group as well; a name's is that of its entry. @throws OPTION_INVALID for a name that is not there */
export async function ownerOf(session: Session, below: readonly string[], text: string): Promise<Owner> {
  const [user = "", group] = text.split(":");
  const [uid, gid] = [numberOf(user), group === undefined ? undefined : numberOf(group)];
  if (uid !== undefined && (group === undefined || gid !== undefined)) return { uid, gid: gid ?? uid };
  const users = await usersInRoot(session, below);
  const entry = users.passwd.find(({ name }) => name === user);
  const owner = uid ?? entry?.uid;
  if (owner === undefined)
    throw optionError(
      "chown",
      text,
      "a number, or a name that is in the image's /etc/passwd",
      users.passwd.map(({ name }) => name),
    );
  if (group === undefined) return { uid: owner, gid: entry?.gid ?? owner };
  const named = gid ?? users.group.find(({ name }) => name === group)?.gid;
  if (named === undefined)
    throw optionError(
      "chown",
      text,
      "a number, or a name that is in the image's /etc/group",
      users.group.map(({ name }) => name),
    );
  return { uid: owner, gid: named };
}

/** Whether nothing must be looked up for it. */
export function isNumeric(text: string): boolean {
  return text.split(":").every((part) => numberOf(part) !== undefined);
}

function numberOf(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
