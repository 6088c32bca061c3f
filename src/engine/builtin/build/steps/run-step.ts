/** RUN: its command line, environment and mounts, the key of all that, and the layer that it writes. */
import { stat } from "node:fs/promises";
import { dockerfileError } from "../../../dockerfile/dockerfile-error.js";
import type { Expander } from "../../../dockerfile/expand-instruction.js";
import { commit, type ImageState, runText, shellWords } from "../../../dockerfile/image-state.js";
import type { InstructionOf } from "../../../dockerfile/instructions.js";
import { heredocBegin } from "../../../dockerfile/logical-lines.js";
import { OutputTail } from "../../../dockerfile/output-tail.js";
import { parseMounts } from "../../../dockerfile/parse-mounts.js";
import { proxyVariables } from "../../../dockerfile/platform-args.js";
import { CaissonError } from "../../../errors.js";
import { commandFailed, placeFailure } from "../build-failure.js";
import type { Step } from "../build-progress.js";
import { keyOf } from "../cache-store.js";
import type { PlannedMount } from "./plan-run-mounts.js";
import { awaitSources, resolveMounts } from "./resolve-mounts.js";
import { refuseForeignPlatform } from "./runnable-platform.js";
import type { StageScope } from "./stage-scope.js";

type Run = InstructionOf<"RUN">;

/** A here-document that is a program: mounted while it runs. */
interface Script {
  readonly text: string;
  readonly path: string;
}

/** Where scripts of here-documents are mounted. */
const SCRIPTS = "/dev/pipes";
/** The host, as docker calls it from within; commands share its network unless they have none. */
const GATEWAY = "host-gateway";
const LOOPBACK = "127.0.0.1";
/** Where distributions look for certificate authorities. */
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

export async function runStep(builder: StageScope, instruction: Run, expander: Expander): Promise<ImageState> {
  const { facts, state } = builder;
  const { words, script } = commandOf(builder, instruction);
  const text = runText(state, words);
  refuseUnsupported(builder, instruction);
  await refuseForeignPlatform(builder, instruction);
  const mounts = parseMounts(facts.dockerfile, state, instruction, expander);
  await awaitSources(builder, instruction, mounts);
  const layer = await builder.layer(instruction, async (step) => {
    const resolved = await resolveMounts(builder, instruction, mounts);
    const env = Object.fromEntries(state.env);
    const { extraHosts = [] } = facts.options;
    const { workingDir, user } = state.config;
    const key = keyOf(
      "run",
      state.layers,
      words,
      Object.entries(env).sort(),
      workingDir,
      user,
      resolved.key,
      networkOf(builder, instruction),
      instruction.security ?? "sandbox",
      script ?? "",
      // Addresses may change from machine to machine; which names are there must not.
      extraHosts.map(({ host }) => host).sort(),
    );
    return {
      key,
      make: () =>
        resolved.using((open, variables) =>
          execute(builder, instruction, step, words, script, open, {
            ...proxyVariables(facts.options.buildArgs ?? {}),
            ...env,
            ...variables,
          }),
        ),
    };
  });
  return commit(state, text, layer);
}

/** A lone here-document is the script itself: for the shell, or a program of its own where it says so in its first line. */
function commandOf(
  { state, facts }: StageScope,
  { command, heredocs, ...instruction }: Run,
): { words: readonly string[]; script?: Script } {
  if (!command.shell) {
    if (command.words.length === 0)
      throw dockerfileError({ file: facts.dockerfile.file, line: instruction.line }, "RUN needs a command", {
        source: instruction.original,
      });
    return { words: command.words };
  }
  const [line = ""] = command.words;
  const [first] = heredocs;
  if (!first) return { words: shellWords(state.config, command.words) };
  if (heredocBegin(line)) {
    const text = first.chomp ? first.content.replace(/^\t+/gm, "") : first.content;
    return text.startsWith("#!")
      ? { words: shellWords(state.config, [`${SCRIPTS}/${first.name}`]), script: { text, path: `${SCRIPTS}/${first.name}` } }
      : { words: shellWords(state.config, [text]) };
  }
  const documents = heredocs.map(({ name, content }) => `\n${content}${name}`);
  return { words: shellWords(state.config, [line + documents.join("")]) };
}

/** The instruction's word counts, then the build's; without either it is the host's. */
function networkOf({ facts }: StageScope, { network }: Run): "none" | "host" {
  const wanted = network === undefined || network === "default" ? facts.options.network : network;
  return wanted === "none" ? "none" : "host";
}

function refuseUnsupported({ facts }: StageScope, instruction: Run): void {
  const at = { file: facts.dockerfile.file, line: instruction.line };
  const details = { source: instruction.original };
  if (instruction.devices.length > 0)
    throw dockerfileError(at, `RUN --device is not supported: ${instruction.devices.join(", ")} would have to be a CDI device`, details);
  if (instruction.security === "insecure" && !facts.options.allow?.includes("security.insecure")) {
    throw dockerfileError(at, "RUN --security=insecure is not allowed", {
      ...details,
      expected: 'the option `allow: ["security.insecure"]`, or --allow security.insecure',
    });
  }
}

async function execute(
  builder: StageScope,
  instruction: Run,
  step: Step,
  words: readonly string[],
  script: Script | undefined,
  mounts: readonly PlannedMount[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const { facts, state, below } = builder;
  const { options } = facts;
  const tail = new OutputTail();
  const workspace = await facts.workspace();
  const certificates = await hostCertificates(options.hostCertificates ?? false);
  const extra = script === undefined ? [] : [scriptMount(script)];
  const failed = { file: facts.dockerfile.file, instruction };
  try {
    // A build that is all cached does without.
    const { runCommand } = await import("./run-command.js");
    const { exit, layer } = await runCommand(workspace, {
      words,
      env: { ...certificates.env, ...env },
      workingDir: state.config.workingDir || "/",
      user: state.config.user,
      below,
      mounts: [...mounts, ...extra, ...certificates.mounts],
      network: networkOf(builder, instruction),
      privileged: instruction.security === "insecure",
      memoryBytes: options.memoryBytes,
      extraHosts: (options.extraHosts ?? []).map(({ host, address }) => ({ host, address: address === GATEWAY ? LOOPBACK : address })),
      output: (stream, text) => {
        tail.add(text);
        step.output(stream, text);
      },
      signal: facts.signal,
    });
    if (layer === undefined) throw await commandFailed(failed, words, exit, tail.lines, workspace.session.directory);
    return layer;
  } catch (error) {
    throw error instanceof CaissonError ? placeFailure(failed, error, tail.lines) : error;
  }
}

function scriptMount({ text, path }: Script): PlannedMount {
  return { target: path, source: { kind: "content", content: Buffer.from(text), mode: 0o755, uid: 0, gid: 0 }, readonly: true };
}

async function hostCertificates(wanted: boolean): Promise<{ env: Readonly<Record<string, string>>; mounts: readonly PlannedMount[] }> {
  const found = wanted && (await stat(CERTIFICATES).catch(() => undefined));
  if (!found) return { env: {}, mounts: [] };
  return {
    env: { SSL_CERT_FILE: CERTIFICATES, NODE_EXTRA_CA_CERTS: CERTIFICATES },
    mounts: [{ target: CERTIFICATES, source: { kind: "host", path: CERTIFICATES, isDirectory: false }, readonly: true }],
  };
}
