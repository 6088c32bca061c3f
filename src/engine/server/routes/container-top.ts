/** `GET /containers/{id}/top`: the processes of a container as ps(1) would list them. */
import type { ContainerProcess } from "../../engine.js";
import { isCaissonError } from "../../errors.js";
import type { Exchange } from "../exchange.js";
import { HttpFailure } from "../http-failure.js";
import type { ServerContext } from "../server-context.js";

type Column = readonly [title: string, value: (process: ContainerProcess, now: Date) => string];

const COMMAND = ({ argv, name }: ContainerProcess): string => (argv.length > 0 ? argv.join(" ") : `[${name}]`);
const CPU = ({ cpuMs, startedAt }: ContainerProcess, now: Date): string =>
  String(Math.floor(Math.min(99, (100 * cpuMs) / Math.max(1, now.getTime() - startedAt.getTime()))));
const TTY = ({ tty }: ContainerProcess): string => tty ?? "?";
const TIME = ({ cpuMs }: ContainerProcess): string => new Date(cpuMs).toISOString().slice(11, 19);

/** `ps -ef`, what docker asks for unless told otherwise. */
const FULL: readonly Column[] = [
  ["UID", ({ user }) => user],
  ["PID", ({ pid }) => String(pid)],
  ["PPID", ({ parentPid }) => String(parentPid)],
  ["C", CPU],
  ["STIME", ({ startedAt }) => startedAt.toISOString().slice(11, 16)],
  ["TTY", TTY],
  ["TIME", TIME],
  ["CMD", COMMAND],
];

/** `ps aux`. */
const USER: readonly Column[] = [
  ["USER", ({ user }) => user],
  ["PID", ({ pid }) => String(pid)],
  ["%CPU", (process, now) => `${CPU(process, now)}.0`],
  ["%MEM", () => "0.0"],
  ["VSZ", () => "0"],
  ["RSS", ({ memoryBytes }) => String(Math.floor(memoryBytes / 1024))],
  ["TTY", TTY],
  ["STAT", ({ state }) => state],
  ["START", ({ startedAt }) => startedAt.toISOString().slice(11, 16)],
  ["TIME", TIME],
  ["COMMAND", COMMAND],
];

/** Columns by their names in `-o`. */
const NAMED: Readonly<Record<string, Column>> = {
  pid: ["PID", ({ pid }) => String(pid)],
  ppid: ["PPID", ({ parentPid }) => String(parentPid)],
  user: ["USER", ({ user }) => user],
  uid: ["UID", ({ uid }) => String(uid)],
  comm: ["COMMAND", ({ name }) => name],
  cmd: ["CMD", COMMAND],
  args: ["COMMAND", COMMAND],
  command: ["COMMAND", COMMAND],
  stat: ["STAT", ({ state }) => state],
  state: ["S", ({ state }) => state],
  tty: ["TT", TTY],
  time: ["TIME", TIME],
  cputimes: ["TIME", ({ cpuMs }) => String(Math.floor(cpuMs / 1000))],
  etimes: ["ELAPSED", ({ startedAt }, now) => String(Math.max(0, Math.floor((now.getTime() - startedAt.getTime()) / 1000)))],
  rss: ["RSS", ({ memoryBytes }) => String(Math.floor(memoryBytes / 1024))],
  nlwp: ["NLWP", ({ threads }) => String(threads)],
};

export async function top({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const columns = columnsOf(exchange.text("ps_args") ?? "-ef");
  const { id } = await engine.containers.inspect(exchange.parameter("id"));
  const processes = await engine.containers.top(id).catch((error: unknown) => {
    throw isCaissonError(error, "CONTAINER_NOT_RUNNING") ? new HttpFailure(409, `container ${id} is not running`) : error;
  });
  const now = new Date();
  exchange.send(200, {
    Titles: columns.map(([title]) => title),
    Processes: processes.map((process) => columns.map(([, value]) => value(process, now))),
  });
}

/** @throws HttpFailure for what no column here answers */
function columnsOf(args: string): readonly Column[] {
  const words = args.trim().split(/\s+/);
  if (["-ef", "ef", "-e", "-f"].includes(args.trim())) return FULL;
  if (["aux", "-aux", "au", "u", "ax"].includes(args.trim())) return USER;
  const at = words.findIndex((word) => word === "-o" || word === "o" || /^-\w*o$/.test(word));
  const names = at < 0 ? [] : (words[at + 1] ?? "").split(",");
  const columns = names.map((name) => NAMED[name.toLowerCase()]);
  if (columns.length === 0 || columns.includes(undefined))
    throw new HttpFailure(400, `ps: ${args} is not served here; -ef, aux and -o with ${Object.keys(NAMED).join(",")} are`);
  return columns as Column[];
}
