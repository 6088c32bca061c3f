import { writeFile } from "node:fs/promises";
import { findProxies } from "../../engine/docker-config/proxies.js";
import type { BuildOptions, ImageInspect } from "../../engine/engine.js";
import { isCaissonError, optionError } from "../../engine/errors.js";
import { readContext } from "../build-context-from-operand.js";
import { agentsOf, hostsOf, namedValues, outputOf, secretsOf } from "../build-options-from-flags.js";
import { checkOutput, writeOutput } from "../build-output.js";
import { PROGRESS_KINDS, type ProgressKind, showBuild } from "../build-progress.js";
import { checkReport } from "../build-warnings.js";
import { type Call, defineCommand, JSON_OPTION, PLATFORM_OPTION, QUIET_OPTION } from "../command.js";
import { errorObject } from "../error-object.js";
import { parseSize } from "../quantities.js";
import { printJson, printLine } from "../terminal.js";
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
  ssh: list("default|ID[=SOCKET|=KEY[,KEY]]", "agent or private keys for RUN --mount=type=ssh and git"),
  "build-context": list("NAME=DIRECTORY|URL|docker-image://IMAGE|oci-layout://DIRECTORY", "further context"),
  "add-host": list("HOST:ADDRESS|HOST:host-gateway", "line for /etc/hosts of RUN steps"),
  network: { type: "string", value: "default|none|host", help: "network of RUN steps; default: host" },
  memory: { type: "string", short: "m", value: "SIZE", help: "memory of each RUN step, e.g. 512m" },
  allow: list("security.insecure|network.host", "what the Dockerfile may ask for"),
  "host-certificates": { type: "boolean", help: "RUN steps see this host's certificate authorities" },
  output: list("DIRECTORY|-|type=local|tar|oci|docker|image,dest=PATH", "write the result there as well", "o"),
  iidfile: { type: "string", value: "FILE", help: "write the image's id to this file" },
  "metadata-file": { type: "string", value: "FILE", help: "write digests and names of the image to this file, as JSON" },
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
    const outputs = (values.output ?? []).map(outputOf);
    if (outputs.filter(({ dest }) => dest === "-").length > 1)
      throw optionError("--output", "-", "there once: there is one standard output");
    for (const output of outputs) await checkOutput(output);
    const display = showBuild(terminal, progressKind(values.progress, values.quiet ?? false));
    try {
      const { context, options } = await readContext(call.operands[0]!, values.file, terminal);
      const opened = await engine();
      const result = await opened.images.build(context, { ...options, ...(await optionsOf(call)), signal, progress: display.report });
      const { image } = result;
      display.finish();
      if (values.iidfile !== undefined) await writeFile(values.iidfile, image.id);
      if (values["metadata-file"] !== undefined) await writeFile(values["metadata-file"], metadata(image));
      for (const output of outputs) await writeOutput(opened, image, output, terminal, signal);
      if (!outputs.some(({ dest }) => dest === "-")) {
        if (values.json) printJson(terminal, result);
        else printLine(terminal, image.id);
      }
    } finally {
      display.finish();
    }
    return 0;
  },
});

/** Keys are buildx's. */
function metadata({ id, digest, references }: ImageInspect): string {
  const names = references.length > 0 ? { "image.name": references.join(",") } : {};
  return `${JSON.stringify({ "containerimage.config.digest": id, "containerimage.digest": digest, ...names }, undefined, 2)}\n`;
}

/** As `docker build --check`: what was found on the standard output, what keeps the build from being one as the command's failure. */
async function check(call: Call<typeof OPTIONS>): Promise<number> {
  const { values, terminal, engine, signal } = call;
  for (const name of ["output", "iidfile"] as const) {
    if (values[name] !== undefined) throw new UsageError(`--check builds nothing: there is nothing for --${name}`);
  }
  const kind = progressKind(values.progress, values.quiet ?? false);
  const progress = kind === "json" ? showBuild(terminal, kind).report : undefined;
  const { context, options } = await readContext(call.operands[0]!, values.file, terminal);
  const { warnings, error } = await (await engine()).images.checkBuild(context, {
    ...options,
    ...(await optionsOf(call)),
    signal,
    progress,
  });
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

/** What is given on the command line wins over docker's configuration; in a build, both spellings of a proxy's name are one. */
async function buildArgsOf(words: readonly string[] | undefined, environment: NodeJS.ProcessEnv): Promise<Record<string, string>> {
  const given = namedValues("--build-arg", words, environment);
  const names = Object.keys(given).map((name) => name.toUpperCase());
  const proxies = Object.entries(await findProxies(environment)).filter(([name]) => !names.includes(name.toUpperCase()));
  return { ...Object.fromEntries(proxies), ...given };
}

async function optionsOf({ values, environment }: Call<typeof OPTIONS>): Promise<BuildOptions> {
  const stages = values["no-cache-filter"]?.flatMap((names) => names.split(","));
  return {
    tags: values.tag,
    buildArgs: await buildArgsOf(values["build-arg"], environment),
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
    memoryBytes: values.memory === undefined ? undefined : parseSize("memory", values.memory),
    allow: values.allow as BuildOptions["allow"],
    hostCertificates: values["host-certificates"],
  };
}
