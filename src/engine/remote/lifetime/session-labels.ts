/** Labels on everything that a session makes at a daemon: whose it is, so that others can tell when nobody needs it any more. Pure. */

/** A process, known by more than its number, which the kernel gives out again. */
export interface Owner {
  /** Of a machine as it runs, and of a process id namespace on it: numbers mean nothing elsewhere. */
  readonly host: string;
  readonly pid: number;
  /** Of the process, in the kernel's own terms; empty where they can't be had. */
  readonly started: string;
}

const SESSION = "caisson.session";
const HOST = "caisson.owner.host";
const PID = "caisson.owner.pid";
const STARTED = "caisson.owner.started";
const ALL: readonly string[] = [SESSION, HOST, PID, STARTED];

export function sessionLabels(session: string, { host, pid, started }: Owner): Readonly<Record<string, string>> {
  return { [SESSION]: session, [HOST]: host, [PID]: String(pid), [STARTED]: started };
}

/** Filters of the Engine API's lists: what belongs to the session, or to any session. */
export function sessionFilter(session?: string): string {
  return JSON.stringify({ label: [session === undefined ? SESSION : `${SESSION}=${session}`] });
}

/** Undefined for labels that don't say all of it. */
export function ownerOf(labels: Readonly<Record<string, string>>): { readonly session: string; readonly owner: Owner } | undefined {
  const [session, host, pid, started] = ALL.map((name) => labels[name]);
  if (!session || !host || !/^[1-9]\d*$/.test(pid ?? "") || started === undefined) return undefined;
  return { session, owner: { host, pid: Number(pid), started } };
}

/** What the user said, and no more. */
export function withoutSessionLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !ALL.includes(name)));
}

/** An image inherits a container's labels, and containers of the image would: the empty value belongs to nobody. */
export function disownedLabels(): Readonly<Record<string, string>> {
  return Object.fromEntries(ALL.map((name) => [name, ""]));
}
