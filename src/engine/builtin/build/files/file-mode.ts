/** `--chmod`: octal, or symbolic as chmod(1) takes it. */

/** The permission bits that a file gets, from those it has. */
export type ModeChange = (mode: number, isDirectory: boolean) => number;

const PERMISSIONS: Readonly<Record<string, number>> = { r: 4, w: 2, x: 1 };
const SHIFTS: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

/** Undefined for a text that is neither. */
export function parseMode(text: string): ModeChange | undefined {
  if (/^[0-7]{1,5}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    return mode > 0o7777 ? undefined : () => mode;
  }
  const clauses = text.split(",").map(parseClause);
  if (clauses.some((clause) => clause === undefined)) return undefined;
  return (mode, isDirectory) => clauses.reduce((changed, clause) => clause!(changed, isDirectory), mode);
}

function parseClause(text: string): ModeChange | undefined {
  const [, who = "", actions = ""] = /^([ugoa]*)((?:[-+=][rwxXst]*|[-+=][ugo])+)$/.exec(text) ?? [];
  if (actions === "") return undefined;
  const whom = who === "" || who.includes("a") ? "ugo" : who;
  const changes = [...actions.matchAll(/([-+=])([rwxXst]*|[ugo])(?=[-+=]|$)/g)].map(
    ([, operator = "", permissions = ""]): ModeChange =>
      (mode, isDirectory) =>
        change(mode, isDirectory, whom, operator, permissions),
  );
  return (mode, isDirectory) => changes.reduce((changed, apply) => apply(changed, isDirectory), mode);
}

function change(mode: number, isDirectory: boolean, whom: string, operator: string, permissions: string): number {
  let bits = 0;
  let mask = 0;
  for (const who of whom) {
    const shift = SHIFTS[who]!;
    mask |= 7 << shift;
    bits |= triple(mode, isDirectory, permissions) << shift;
    if (permissions.includes("s") && who !== "o") bits |= who === "u" ? 0o4000 : 0o2000;
  }
  if (permissions.includes("t")) bits |= 0o1000;
  if (operator === "+") return mode | bits;
  if (operator === "-") return mode & ~bits;
  return (mode & ~mask) | bits;
}

function triple(mode: number, isDirectory: boolean, permissions: string): number {
  if (/^[ugo]$/.test(permissions)) return (mode >> SHIFTS[permissions]!) & 7;
  let bits = 0;
  for (const permission of permissions) bits |= PERMISSIONS[permission] ?? 0;
  // X: only where somebody may execute it already, or it is a directory.
  if (permissions.includes("X") && (isDirectory || (mode & 0o111) !== 0)) bits |= 1;
  return bits;
}
