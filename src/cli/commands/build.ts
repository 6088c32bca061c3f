import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import type { BuildContext, BuildOptions } from "../../engine/engine.js";
import { isCaissonError, optionError } from "../../engine/errors.js";
import { agentsOf, hostsOf, namedValues, outputOf, secretsOf } from "../build-options-from-flags.js";
import { writeOutput } from "../build-output.js";
import { PROGRESS_KINDS, type ProgressKind, showBuild } from "../build-progress.js";
import { checkReport } from "../build-warnings.js";
import { type Call, defineCommand, JSON_OPTION, PLATFORM_OPTION, QUIET_OPTION } from "../command.js";
import { errorObject } from "../error-object.js";
import { openInput } from "../files.js";
import { printJson, printLine, type Terminal } from "../terminal.js";
import { UsageError } from "../usage.js";

const list = (value: string, help: string, short?: string) =>
  ({ type: "string", multiple: true, value, help, ...(short ? { short } : {}) }) as const;

const OPTIONS = {
  file: {
    type: "string",
    short: "f",
    value: "PATH",
    help: "the Dockerfile; `-` for the standard input; default: Dockerfile in the context",
  },
  tag: list("NAME[:TAG]", "name of the image", "t"),
  "build-arg": list("NAME=VALUE", "value of an ARG"),
  target: { type: "string", value: "STAGE", help: "stage to build; default: the last one" },
  label: list("NAME=VALUE", "label of the image"),
  platform: PLATFORM_OPTION,
  "no-cache": { type: "boolean", help: "run every step" },
  "no-cache-filter": list("STAGE[,STAGE]", "run every step of these stages"),
  pull: { type: "boolean", help: "ask the registry for base images that are here already" },
  secret: list("id=NAME[,src=FILE|,env=VARIABLE]", "secret for RUN --mount=type=secret"),
  ssh: list("default|ID[=SOCKET]", "agent for RUN --mount=type=ssh"),
  "build-context": list("NAME=DIRECTORY|docker-image://IMAGE", "further context"),
  "add-host": list("HOST:ADDRESS", "line for /etc/hosts of RUN steps"),
  network: { type: "string", value: "default|none|host", help: "network of RUN steps; default: host" },
  allow: list("security.insecure", "what the Dockerfile may ask for"),
  "host-certificates": { type: "boolean", help: "RUN steps see this host's certificate authorities" },
  output: { type: "string", short: "o", value: "DIRECTORY|type=local|tar|oci|docker,dest=PATH", help: "write the result there as well" },
  iidfile: { type: "string", value: "FILE", help: "write the image's id to this file" },
  progress: { type: "string", value: PROGRESS_KINDS.join("|"), help: "how progress is shown; default: auto" },
  check: { type: "boolean", help: "check the Dockerfile, build nothing; exit code 1 where something is found" },
  json: { ...JSON_OPTION, help: "print what was built, or what the check found, as JSON" },
  quiet: { ...QUIET_OPTION, help: "print the image's id alone" },
} as const;

export const build = defineCommand({
  name: "build",
  summary: "Build an image from a Dockerfile",
  operands: "DIRECTORY|URL|-",
  least: 1,
  most: 1,
  options: OPTIONS,
  async run(call) {
    const { values, terminal, engine, signal } = call;
    if (values.check) return check(call);
    const output = values.output === undefined ? undefined : outputOf(values.output);
    const display = showBuild(terminal, progressKind(values.progress, values.quiet ?? false));
    try {
      const { context, options } = await readContext(call);
      const opened = await engine();
      const result = await opened.images.build(context, { ...options, ...optionsOf(call), signal, progress: display.report });
      const { image } = result;
      display.finish();
      if (values.iidfile !== undefined) await writeFile(values.iidfile, image.id);
      if (output) await writeOutput(opened, image, output, terminal, signal);
      if (output?.dest !== "-") {
        if (values.json) printJson(terminal, result);
        else printLine(terminal, image.id);
      }
    } finally {
      display.finish();
    }
    return 0;
  },
});

/** As `docker build --check`: what was found on the standard output, what keeps the build from being one as the command's failure. */
async function check(call: Call<typeof OPTIONS>): Promise<number> {
  const { values, terminal, engine, signal } = call;
  for (const name of ["output", "iidfile"] as const) {
    if (values[name] !== undefined) throw new UsageError(`--check builds nothing: there is nothing for --${name}`);
  }
  const kind = progressKind(values.progress, values.quiet ?? false);
  const progress = kind === "json" ? showBuild(terminal, kind).report : undefined;
  const { context, options } = await readContext(call);
  const { warnings, error } = await (await engine()).images.checkBuild(context, { ...options, ...optionsOf(call), signal, progress });
  if (values.json || kind === "json") {
    printJson(terminal, { warnings, error: error && errorObject(error) });
    return warnings.length > 0 || error ? 1 : 0;
  }
  if (!values.quiet && (warnings.length > 0 || !error)) terminal.stdout.write(checkReport(warnings));
  // Its warnings have been printed.
  if (isCaissonError(error, "BUILD_CHECKS_FAILED")) terminal.stderr.write(`${error.summary}\n`);
  else if (error) throw error;
  return warnings.length > 0 ? 1 : 0;
}

function progressKind(text: string | undefined, quiet: boolean): ProgressKind {
  if (quiet) return "quiet";
  const kind = PROGRESS_KINDS.find((each) => each === (text ?? "auto"));
  if (kind === undefined) throw optionError("--progress", text, "a kind of progress", PROGRESS_KINDS);
  return kind;
}

function optionsOf({ values, environment }: Call<typeof OPTIONS>): BuildOptions {
  const stages = values["no-cache-filter"]?.flatMap((names) => names.split(","));
  return {
    tags: values.tag,
    buildArgs: namedValues("--build-arg", values["build-arg"], environment),
    target: values.target,
    labels: namedValues("--label", values.label, {}),
    platform: values.platform,
    noCache: values["no-cache"] ? true : stages,
    pull: values.pull,
    secrets: secretsOf(values.secret, environment),
    ssh: agentsOf(values.ssh, environment),
    contexts: namedValues("--build-context", values["build-context"], {}),
    extraHosts: hostsOf(values["add-host"]),
    network: values.network as BuildOptions["network"],
    allow: values.allow as BuildOptions["allow"],
    hostCertificates: values["host-certificates"],
  };
}

/** `-` is a Dockerfile, or a tar that is the context. */
async function readContext({
  values,
  operands: [place = ""],
  terminal,
}: Call<typeof OPTIONS>): Promise<{ context: BuildContext; options: BuildOptions }> {
  if (values.file === "-") {
    if (place === "-") throw new UsageError("The standard input can't be both the Dockerfile and the context");
    return { context: place, options: { dockerfileText: await readText(terminal) } };
  }
  const dockerfile = values.file;
  if (place !== "-") return { context: place, options: { dockerfile: fileIn(place, dockerfile) } };
  const input = (await openInput(terminal, "-"))[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const first = await input.next();
  const head = first.done ? Buffer.alloc(0) : first.value;
  const rest = async function* (): AsyncGenerator<Buffer> {
    yield head;
    for (let next = await input.next(); !next.done; next = await input.next()) yield next.value;
  };
  if (isArchive(head)) return { context: { tar: rest() }, options: { dockerfile } };
  const pieces: Buffer[] = [];
  for await (const piece of rest()) pieces.push(piece);
  return { context: { tar: Readable.from([Buffer.alloc(1024)]) }, options: { dockerfileText: Buffer.concat(pieces).toString("utf8") } };
}

/** As docker does: relative to where the command was given, unless that is not there. */
function fileIn(context: string, file: string | undefined): string | undefined {
  if (file === undefined || file.startsWith("/")) return file;
  return existsSync(file) ? resolve(file) : existsSync(join(context, file)) ? file : resolve(file);
}

async function readText(terminal: Terminal): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of await openInput(terminal, "-")) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString("utf8");
}

function isArchive(head: Buffer): boolean {
  const compressed = [
    [0x1f, 0x8b],
    [0x28, 0xb5, 0x2f, 0xfd],
  ].some((magic) => magic.every((byte, index) => head[index] === byte));
  return compressed || head.subarray(257, 262).toString("latin1") === "ustar";
}
