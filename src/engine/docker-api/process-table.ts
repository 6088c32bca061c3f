/** `docker top`: the processes of a container as ps(1) would list them, by ps's own options. Pure. */
import type { ContainerProcess } from "../engine.js";
import { optionError } from "../errors.js";

export interface ProcessTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

type Value = (process: ContainerProcess, now: Date, hostMemoryBytes: number) => string;
type Column = readonly [title: string, value: Value];

/** Docker's, of ps that is given no options. */
const DEFAULT_OPTIONS = "-ef";

const DAY_S = 86_400;

const command: Value = ({ argv, name }) => (argv.length > 0 ? argv.join(" ") : `[${name}]`);
const share = ({ cpuMs, startedAt }: ContainerProcess, now: Date): number =>
  Math.min(99, (100 * cpuMs) / Math.max(1, now.getTime() - startedAt.getTime()));
const ageOf = ({ startedAt }: ContainerProcess, now: Date): number => Math.max(0, Math.floor((now.getTime() - startedAt.getTime()) / 1000));
const tty: Value = ({ tty: terminal }) => terminal ?? "?";
const time: Value = ({ cpuMs }) => clock(Math.floor(cpuMs / 1000));
const memory: Value = ({ memoryBytes }) => String(Math.floor(memoryBytes / 1024));
const pid: Column = ["PID", (process) => String(process.pid)];
const parent: Column = ["PPID", ({ parentPid }) => String(parentPid)];
const percent: Value = (process, now) => share(process, now).toFixed(1);

/** `[DD-]hh:mm:ss` */
function clock(seconds: number): string {
  const days = Math.floor(seconds / DAY_S);
  return `${days > 0 ? `${two(days)}-` : ""}${new Date((seconds % DAY_S) * 1000).toISOString().slice(11, 19)}`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

/** Of today the hour, of this year the day. */
const started: Value = (process, now) => {
  const { startedAt } = process;
  if (ageOf(process, now) < DAY_S) return `${two(startedAt.getHours())}:${two(startedAt.getMinutes())}`;
  if (startedAt.getFullYear() !== now.getFullYear()) return String(startedAt.getFullYear());
  return startedAt.toLocaleString("en-US", { month: "short" }) + two(startedAt.getDate());
};

/** Minutes and seconds, as BSD has it. */
const shortTime: Value = ({ cpuMs }) => `${Math.floor(cpuMs / 60_000)}:${two(Math.floor(cpuMs / 1000) % 60)}`;

/** `-f` */
const FULL: readonly Column[] = [
  ["UID", ({ user }) => user],
  pid,
  parent,
  ["C", (process, now) => String(Math.floor(share(process, now)))],
  ["STIME", started],
  ["TTY", tty],
  ["TIME", time],
  ["CMD", command],
];

/** Without `-f`. */
const SHORT: readonly Column[] = [pid, ["TTY", tty], ["TIME", time], ["CMD", ({ name }) => name]];

/** What engines don't tell. */
const unknown: Value = () => "-";

/** `aux` */
const USER: readonly Column[] = [
  ["USER", ({ user }) => user],
  pid,
  ["%CPU", percent],
  ["%MEM", ({ memoryBytes }, _, host) => (Math.floor((1000 * memoryBytes) / host) / 10).toFixed(1)],
  ["VSZ", unknown],
  ["RSS", memory],
  ["TTY", tty],
  ["STAT", ({ state }) => state],
  ["START", started],
  ["TIME", shortTime],
  ["COMMAND", command],
];

/** `ax` */
const BSD: readonly Column[] = [pid, ["TTY", tty], ["STAT", ({ state }) => state], ["TIME", shortTime], ["COMMAND", command]];

/** By their names in `-o`. */
const NAMED: ReadonlyMap<string, Column> = new Map<string, Column>([
  ["pid", pid],
  ["ppid", parent],
  ...named(["user", "uname", "euser", "ruser"], ({ user }) => user, { uname: "USER" }),
  ...named(["uid", "euid", "ruid"], ({ uid }) => String(uid)),
  ...named(["comm", "ucmd", "ucomm"], ({ name }) => name, { comm: "COMMAND", ucmd: "CMD", ucomm: "COMMAND" }),
  ...named(["cmd", "args", "command"], command, { args: "COMMAND" }),
  ...named(["stat", "state", "s"], ({ state }) => state, { state: "S" }),
  ...named(["tty", "tt", "tname"], tty, { tty: "TT", tname: "TTY" }),
  ...named(["time", "cputime"], time, { cputime: "TIME" }),
  ["cputimes", ["TIME", ({ cpuMs }) => String(Math.floor(cpuMs / 1000))]],
  ["bsdtime", ["TIME", shortTime]],
  ...named(["stime", "start_time"], started, { start_time: "START" }),
  ["etimes", ["ELAPSED", (process, now) => String(ageOf(process, now))]],
  ["etime", ["ELAPSED", (process, now) => clock(ageOf(process, now)).replace(/^00:/, "")]],
  ...named(["pcpu", "%cpu"], percent, { pcpu: "%CPU" }),
  ["c", ["C", (process, now) => String(Math.floor(share(process, now)))]],
  ...named(["rss", "rssize", "rsz"], memory, { rssize: "RSS" }),
  ...named(["nlwp", "thcount"], ({ threads }) => String(threads), { thcount: "THCNT" }),
]);

function named(names: readonly string[], value: Value, titles: Readonly<Record<string, string>> = {}): [string, Column][] {
  return names.map((name) => [name, [titles[name] ?? name.toUpperCase(), value]]);
}

/**
 * @param options of ps, in words: `-ef`, `aux`, `-o pid,cmd`
 * @param hostMemoryBytes of which %MEM is the share, as EngineInfo has it
 * @throws OPTION_INVALID for what no column here answers, or, as docker, without a column PID
 */
export function processTable(
  processes: readonly ContainerProcess[],
  options: readonly string[],
  hostMemoryBytes: number,
  now = new Date(),
): ProcessTable {
  const columns = columnsOf(options.length > 0 ? options : [DEFAULT_OPTIONS]);
  if (!columns.some(([title]) => title === "PID"))
    throw optionError("ps", options.join(" "), "options with which ps prints the column PID");
  return {
    titles: columns.map(([title]) => title),
    rows: processes.map((process) => columns.map(([, value]) => value(process, now, hostMemoryBytes))),
  };
}

function columnsOf(options: readonly string[]): readonly Column[] {
  const formats: string[] = [];
  const letters: string[] = [];
  for (let at = 0; at < options.length; at++) {
    const word = options[at] ?? "";
    const [, long, longValue] = /^--(format|sort)(?:=(.*))?$/.exec(word) ?? [];
    const [, short, before = "", attached] = /^(-?)([a-zA-Z]*?)o(.*)$/.exec(word) ?? [];
    if (long !== undefined) {
      const value = longValue ?? options[++at] ?? "";
      if (long === "format") formats.push(value);
    } else if (short !== undefined) {
      letters.push(`${short}${before}`);
      formats.push(attached || (options[++at] ?? ""));
    } else letters.push(word);
  }
  return formats.length > 0 ? formats.flatMap((format) => formatColumns(format, options)) : layoutOf(letters, options);
}

/** `pid,comm=Title`: the title ends with the format. */
function formatColumns(format: string, options: readonly string[]): Column[] {
  const at = format.indexOf("=");
  const names = (at < 0 ? format : format.slice(0, at)).split(/[, ]+/);
  return names.map((name, index): Column => {
    const column = NAMED.get(name.toLowerCase());
    if (!column) throw unserved(options);
    return at >= 0 && index === names.length - 1 ? [format.slice(at + 1), column[1]] : column;
  });
}

/** Which processes they select makes no difference: docker lists the container's. */
function layoutOf(words: readonly string[], options: readonly string[]): readonly Column[] {
  const [word = "", ...others] = words.filter((each) => !/^-?w+$/.test(each));
  if (others.length > 0) throw unserved(options);
  if (/^-(?:[eA]*f[eA]*)$/.test(word)) return FULL;
  if (/^-[eA]+$/.test(word)) return SHORT;
  if (/^-?[ax]*u[ax]*$/.test(word)) return USER;
  if (/^[ax]+$/.test(word)) return BSD;
  if (word === "e" || word === "ef" || word === "f") return BSD;
  throw unserved(options);
}

function unserved(options: readonly string[]): Error {
  return optionError("ps", options.join(" "), `-ef, -e, aux, ax, or -o with some of ${[...NAMED.keys()].join(",")}`);
}
