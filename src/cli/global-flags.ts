/** What stands before the command: which engine it is for. Pure. */
import { UsageError } from "./usage.js";

export interface GlobalFlags {
  /** As DOCKER_HOST takes it. */
  readonly host: string | undefined;
  /** The command and what follows it. */
  readonly words: readonly string[];
}

const HOST = /^(?:--host|-H)$/;
const HOST_WITH_VALUE = /^(?:--host=|-H=?)(.*)$/s;

/** As docker's: `-H HOST`, `-HHOST`, `--host HOST`, `--host=HOST`. @throws UsageError */
export function splitGlobalFlags(words: readonly string[]): GlobalFlags {
  const [first = "", second, ...rest] = words;
  const joined = HOST.test(first) ? undefined : HOST_WITH_VALUE.exec(first)?.[1];
  if (joined === undefined && !HOST.test(first)) return { host: undefined, words };
  const host = joined ?? second;
  if (!host) throw new UsageError("--host needs the address of a daemon, such as unix:///run/docker.sock");
  const remaining = splitGlobalFlags(joined === undefined ? rest : words.slice(1));
  if (remaining.host !== undefined) throw new UsageError("--host is given twice: a command is for one engine");
  return { host, words: remaining.words };
}
