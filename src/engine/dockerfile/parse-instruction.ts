/** One logical line to one instruction. Flags and arguments are checked here; what they mean is known later. */
import { dockerfileError, type Location } from "./dockerfile-error.js";
import { parseDuration } from "./duration.js";
import type { CommandLine, HealthcheckInstruction, Instruction, InstructionBody, SourcesAndDestination } from "./instructions.js";
import { type Heredoc, heredocBegin, type LogicalLine } from "./logical-lines.js";
import { jsonStrings, nameValues, plainWords, quotedWords, splitFlags } from "./words.js";

export const KEYWORDS = [
  ...["ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "RUN"],
  ...["SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"],
] as const;

/** Flags by instruction: `b` may stand without a value, `*` may be repeated. */
const FLAGS: Readonly<Record<string, Readonly<Record<string, "string" | "boolean" | "list">>>> = {
  FROM: { platform: "string" },
  RUN: { mount: "list", network: "string", security: "string", device: "list" },
  COPY: { from: "string", chown: "string", chmod: "string", link: "boolean", parents: "boolean", exclude: "list" },
  ADD: {
    ...{ chown: "string", chmod: "string", link: "boolean", exclude: "list", checksum: "string" },
    ...{ "keep-git-dir": "boolean", unpack: "boolean" },
  },
  HEALTHCHECK: { interval: "string", timeout: "string", "start-period": "string", "start-interval": "string", retries: "string" },
};

interface Line {
  readonly at: Location;
  readonly source: string;
  readonly keyword: string;
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly rest: string;
  readonly heredocs: readonly Heredoc[];
  readonly escapeCharacter: string;
}

/** @throws DOCKERFILE_INVALID */
export function parseInstruction(file: string, logical: LogicalLine, escapeCharacter: string): Instruction {
  const { text, line, endLine, heredocs, comments } = logical;
  const at = { file, line };
  const [, written = "", argument = ""] = /^\s*(\S+)\s*(.*)$/s.exec(text) ?? [];
  const keyword = written.toUpperCase();
  const source = text.trim();
  if (!(KEYWORDS as readonly string[]).includes(keyword)) {
    throw dockerfileError({ ...at, column: 1 }, `unknown instruction: ${written}`, { source, allowed: KEYWORDS });
  }
  // ONBUILD's flags are those of the instruction that it holds.
  const { flags, rest } = keyword === "ONBUILD" ? { flags: [], rest: argument } : splitFlags(argument, escapeCharacter);
  const parsed: Line = {
    at,
    source,
    keyword,
    flags: knownFlags(at, source, keyword, flags),
    rest: rest.trimEnd(),
    heredocs,
    escapeCharacter,
  };
  return { ...PARSERS[keyword]!(parsed), line, endLine, original: source, written, comments };
}

function knownFlags(at: Location, source: string, keyword: string, flags: readonly string[]): Map<string, readonly string[]> {
  const known = FLAGS[keyword] ?? {};
  const values = new Map<string, readonly string[]>();
  for (const flag of flags) {
    const [, name = "", value] = /^--([^=]*)(?:=(.*))?$/s.exec(flag) ?? [];
    const column = source.indexOf(`--${name}`) + 1 || undefined;
    const kind = known[name];
    if (kind === undefined) {
      const allowed = Object.keys(known).map((each) => `--${each}`);
      throw dockerfileError({ ...at, column }, `${keyword} has no flag --${name}: unknown flag: --${name}`, {
        source,
        ...(allowed.length > 0 ? { allowed } : {}),
      });
    }
    if (kind !== "list" && values.has(name)) throw dockerfileError({ ...at, column }, `duplicate flag specified: --${name}`, { source });
    if (kind !== "boolean" && value === undefined)
      throw dockerfileError({ ...at, column }, `missing a value on flag: --${name}`, { source, expected: `--${name}=VALUE` });
    if (kind === "boolean" && value !== undefined && !["true", "false"].includes(value.toLowerCase()))
      throw dockerfileError({ ...at, column }, `expecting boolean value for flag --${name}, not: ${value}`, {
        source,
        allowed: ["true", "false"],
      });
    values.set(name, [...(values.get(name) ?? []), value ?? "true"]);
  }
  return values;
}

type Parser = (line: Line) => InstructionBody;

const PARSERS: Readonly<Record<string, Parser>> = {
  FROM: parseFrom,
  RUN: parseRun,
  COPY: parseCopy,
  ADD: parseCopy,
  ENV: (line) => ({ keyword: "ENV", pairs: pairsOf(line) }),
  LABEL: (line) => ({ keyword: "LABEL", pairs: pairsOf(line) }),
  ARG: parseArg,
  CMD: (line) => ({ keyword: "CMD", command: commandLine(line) }),
  ENTRYPOINT: (line) => ({ keyword: "ENTRYPOINT", command: commandLine(line) }),
  SHELL: parseShell,
  EXPOSE: (line) => ({ keyword: "EXPOSE", words: atLeastOne(line, plainWords(line.rest)) }),
  VOLUME: (line) => ({ keyword: "VOLUME", words: atLeastOne(line, listOrWords(line)) }),
  USER: (line) => ({ keyword: "USER", value: exactlyOne(line) }),
  WORKDIR: (line) => ({ keyword: "WORKDIR", value: exactlyOne(line) }),
  STOPSIGNAL: (line) => ({ keyword: "STOPSIGNAL", value: exactlyOne(line) }),
  MAINTAINER: (line) => ({ keyword: "MAINTAINER", value: exactlyOne(line) }),
  HEALTHCHECK: parseHealthcheck,
  ONBUILD: parseOnbuild,
};

function fail(line: Line, problem: string, expected?: string): never {
  throw dockerfileError(line.at, problem, { source: line.source, expected });
}

function flag(line: Line, name: string): string | undefined {
  return line.flags.get(name)?.[0];
}

function isSet(line: Line, name: string): boolean {
  return flag(line, name)?.toLowerCase() === "true";
}

function parseFrom(line: Line): InstructionBody {
  const words = plainWords(line.rest);
  const [image = "", as, writtenName] = words;
  const named = words.length === 3 && as?.toLowerCase() === "as";
  if (words.length !== 1 && !named) fail(line, "FROM requires either one or three arguments", "FROM IMAGE [AS NAME]");
  const name = named ? writtenName?.toLowerCase() : undefined;
  if (name !== undefined && !/^[a-z][a-z0-9\-_.]*$/.test(name)) {
    fail(line, `invalid name for build stage: "${writtenName}"`, "a letter, then letters, digits, `-`, `_` and `.`");
  }
  return {
    keyword: "FROM",
    image,
    name,
    writtenName: named ? writtenName : undefined,
    as: named ? as : undefined,
    platform: flag(line, "platform"),
  };
}

function parseRun(line: Line): InstructionBody {
  const network = flag(line, "network");
  if (network !== undefined && !["default", "none", "host"].includes(network))
    throw dockerfileError(line.at, `invalid network mode: ${network}`, { source: line.source, allowed: ["default", "none", "host"] });
  const security = flag(line, "security");
  if (security !== undefined && !["sandbox", "insecure"].includes(security))
    throw dockerfileError(line.at, `invalid security mode: ${security}`, { source: line.source, allowed: ["sandbox", "insecure"] });
  return {
    keyword: "RUN",
    command: commandLine(line),
    heredocs: line.heredocs,
    mounts: line.flags.get("mount") ?? [],
    network: network as "default" | undefined,
    security: security as "sandbox" | undefined,
    devices: line.flags.get("device") ?? [],
  };
}

function commandLine(line: Line): CommandLine {
  const list = jsonStrings(line.rest);
  if (list === "not-strings") fail(line, "when using JSON array syntax, arrays must be comprised of strings only");
  if (list !== undefined) return { shell: false, words: list };
  return { shell: true, words: line.rest === "" ? [] : [line.rest] };
}

function parseCopy(line: Line): InstructionBody {
  const list = jsonStrings(line.rest);
  if (list === "not-strings") fail(line, "when using JSON array syntax, arrays must be comprised of strings only");
  const words = list ?? plainWords(line.rest);
  if (words.length < 2) {
    fail(
      line,
      `${line.keyword} requires at least two arguments, but only ${words.length} provided`,
      "a source and a destination; the destination could not be determined",
    );
  }
  const unpack = flag(line, "unpack");
  return {
    ...sourcesAndDestination(line, words),
    keyword: line.keyword as "COPY" | "ADD",
    from: flag(line, "from"),
    chown: flag(line, "chown"),
    chmod: flag(line, "chmod"),
    link: isSet(line, "link"),
    parents: isSet(line, "parents"),
    exclude: line.flags.get("exclude") ?? [],
    keepGitDir: isSet(line, "keep-git-dir"),
    checksum: flag(line, "checksum"),
    unpack: unpack === undefined ? undefined : unpack.toLowerCase() === "true",
  };
}

function sourcesAndDestination(line: Line, words: readonly string[]): SourcesAndDestination {
  const destination = words.at(-1)!;
  if (heredocBegin(destination)) fail(line, `${line.keyword} cannot accept a heredoc as a destination`);
  const sources: string[] = [];
  const heredocs: Heredoc[] = [];
  for (const word of words.slice(0, -1)) {
    const begin = heredocBegin(word);
    const heredoc = begin && line.heredocs.find(({ name }) => name === begin.name);
    if (heredoc) heredocs.push(heredoc);
    else sources.push(word);
  }
  return { sources, heredocs, destination };
}

function pairsOf(line: Line) {
  const pairs = nameValues(line.keyword, line.rest, line.escapeCharacter);
  if (typeof pairs === "string") fail(line, pairs, `${line.keyword} NAME=VALUE ...`);
  return pairs;
}

function parseArg(line: Line): InstructionBody {
  const words = quotedWords(line.rest, line.escapeCharacter);
  if (words.length === 0) fail(line, "ARG requires at least one argument", "ARG NAME[=DEFAULT] ...");
  const args = words.map((word) => {
    const equals = word.indexOf("=");
    if (equals === 0) fail(line, "ARG names can not be blank");
    return equals === -1 ? { name: word } : { name: word.slice(0, equals), value: word.slice(equals + 1) };
  });
  return { keyword: "ARG", args };
}

function parseShell(line: Line): InstructionBody {
  const shell = jsonStrings(line.rest);
  if (shell === undefined || shell === "not-strings")
    fail(line, "SHELL requires the arguments to be in JSON form", 'SHELL ["/bin/sh", "-c"]');
  if (shell.length === 0) fail(line, "SHELL requires at least one argument");
  return { keyword: "SHELL", shell };
}

function listOrWords(line: Line): readonly string[] {
  const list = jsonStrings(line.rest);
  if (list === "not-strings") fail(line, "when using JSON array syntax, arrays must be comprised of strings only");
  return list ?? plainWords(line.rest);
}

function atLeastOne(line: Line, words: readonly string[]): readonly string[] {
  if (words.length === 0) fail(line, `${line.keyword} requires at least one argument`);
  if (line.keyword === "VOLUME" && words.includes("")) fail(line, "VOLUME specified can not be an empty string");
  return words;
}

function exactlyOne(line: Line): string {
  if (line.rest === "") fail(line, `${line.keyword} requires exactly one argument`);
  return line.rest;
}

function parseHealthcheck(line: Line): InstructionBody {
  const [, type = "", rest = ""] = /^(\S+)\s*(.*)$/s.exec(line.rest) ?? [];
  if (type === "") fail(line, "HEALTHCHECK requires at least one argument", "HEALTHCHECK [options] CMD command, or HEALTHCHECK NONE");
  if (type.toUpperCase() === "NONE") {
    if (rest !== "") fail(line, "HEALTHCHECK NONE takes no arguments");
    return { keyword: "HEALTHCHECK", test: ["NONE"] };
  }
  if (type.toUpperCase() !== "CMD") fail(line, `unknown type "${type}" in HEALTHCHECK`, "CMD or NONE");
  const { shell, words } = commandLine({ ...line, rest });
  if (words.length === 0) fail(line, "missing command after HEALTHCHECK CMD");
  return { keyword: "HEALTHCHECK", test: [shell ? "CMD-SHELL" : "CMD", ...words], ...healthOptions(line) };
}

function healthOptions(line: Line): Omit<HealthcheckInstruction, "keyword" | "test"> {
  const duration = (name: string): number | undefined => {
    const value = flag(line, name);
    if (value === undefined) return undefined;
    const ms = parseDuration(value);
    if (ms === undefined) fail(line, `invalid duration for --${name}: ${value}`, "a number with a unit, as in 30s, 1m30s or 500ms");
    if (ms !== 0 && ms < 1) fail(line, `--${name} cannot be less than 1ms`);
    return ms || undefined;
  };
  const retries = flag(line, "retries");
  if (retries !== undefined && !/^\d+$/.test(retries)) fail(line, `--retries must be a number that is not negative, not ${retries}`);
  return {
    intervalMs: duration("interval"),
    timeoutMs: duration("timeout"),
    startPeriodMs: duration("start-period"),
    startIntervalMs: duration("start-interval"),
    retries: retries === undefined ? undefined : Number(retries) || undefined,
  };
}

function parseOnbuild(line: Line): InstructionBody {
  if (line.rest === "") fail(line, "ONBUILD requires at least one argument");
  const trigger = /^\S+/.exec(line.rest)?.[0]?.toUpperCase() ?? "";
  if (trigger === "ONBUILD") fail(line, "chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (trigger === "FROM" || trigger === "MAINTAINER") fail(line, `${trigger} isn't allowed as an ONBUILD trigger`);
  if (!(KEYWORDS as readonly string[]).includes(trigger))
    throw dockerfileError(line.at, `unknown instruction: ${trigger}`, { source: line.source, allowed: KEYWORDS });
  const heredocs = line.heredocs.map(({ content, name }) => `\n${content}${name}`);
  return { keyword: "ONBUILD", expression: line.rest + heredocs.join("") };
}
