/**
 * Which ids a user's session has in its user namespace (user_namespaces(7), subuid(5)): its user is root there, and the subordinate ids
 * that the system gives to that user are the others. Where it gives none, root's is the only id. Pure; supervisor/map-user-namespace.ts
 * has them mapped.
 */

/** What there is to choose from. */
export interface UserFacts {
  readonly uid: number;
  readonly gid: number;
  /** Login name; undefined for an id without one. */
  readonly name: string | undefined;
  /** Contents of /etc/subuid and /etc/subgid; empty where there is none. */
  readonly subuid: string;
  readonly subgid: string;
  /** Paths of shadow's set-user-id programs; undefined where one is missing. */
  readonly programs: { readonly newuidmap: string; readonly newgidmap: string } | undefined;
}

/** A range of ids: inside, outside, how many. A line of uid_map. */
export type IdRange = readonly [inside: number, outside: number, count: number];

export interface UserNamespace {
  readonly uids: readonly IdRange[];
  readonly gids: readonly IdRange[];
  /** undefined: a single id, which a user may map without them. */
  readonly programs: { readonly newuidmap: string; readonly newgidmap: string } | undefined;
  /** Why there is a single id, and what gives more; undefined where there are more. */
  readonly single?: SingleId | undefined;
}

export interface SingleId {
  readonly missing: string;
  readonly remedy: string;
}

/** Images have users up to 65534 (nobody). */
export const IDS_NEEDED = 65_535;

export function chooseUserNamespace(facts: UserFacts): UserNamespace {
  const { uid, gid, programs } = facts;
  const user = facts.name ?? String(uid);
  const single = (missing: string, remedy: string): UserNamespace => ({
    uids: [[0, uid, 1]],
    gids: [[0, gid, 1]],
    programs: undefined,
    single: { missing, remedy },
  });
  if (!programs) return single("newuidmap and newgidmap are not installed", "Install them: the package is uidmap or shadow-utils.");
  const uids = subordinateRanges(facts.subuid, facts);
  const gids = subordinateRanges(facts.subgid, facts);
  const short = (["subuid", "subgid"] as const).find((_, index) => count([uids, gids][index]!) < IDS_NEEDED);
  if (short) {
    return single(
      `/etc/${short} gives user ${user} ${count(short === "subuid" ? uids : gids)} ids, not ${IDS_NEEDED}`,
      `As root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${user}`,
    );
  }
  return { uids: rangesFrom(uid, uids), gids: rangesFrom(gid, gids), programs };
}

/** As it is seen in the namespace. 65534 is the kernel's overflow id. */
export function insideId(ranges: readonly IdRange[], outside: number): number {
  const range = ranges.find(([, first, size]) => outside >= first && outside < first + size);
  return range ? range[0] + outside - range[1] : 65_534;
}

type Subordinate = readonly [first: number, count: number];

/** Lines of `name-or-id:first:count`; others are skipped, as shadow does. */
function subordinateRanges(text: string, { uid, name }: UserFacts): readonly Subordinate[] {
  return text.split("\n").flatMap((line): Subordinate[] => {
    const [owner = "", first = "", size = ""] = line.trim().split(":");
    const mine = owner !== "" && (owner === name || owner === String(uid));
    return mine && /^\d+$/.test(first) && /^[1-9]\d*$/.test(size) ? [[Number(first), Number(size)]] : [];
  });
}

function count(ranges: readonly Subordinate[]): number {
  return ranges.reduce((sum, [, size]) => sum + size, 0);
}

function rangesFrom(own: number, subordinate: readonly Subordinate[]): readonly IdRange[] {
  const ranges: IdRange[] = [[0, own, 1]];
  let next = 1;
  for (const [first, size] of subordinate) {
    ranges.push([next, first, size]);
    next += size;
  }
  return ranges;
}
