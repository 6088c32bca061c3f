/** RUN: a container like any other, whose writable layer becomes one of the image's. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { ContainerExit, ContainerSpec, ImageConfig, ImageInspect } from "../../../engine.js";
import { abortError, throwIfAborted } from "../../../errors.js";
import { fromOci } from "../../../oci/image-config.js";
import { newContainerId } from "../../../spec/container-names.js";
import { signalNumber } from "../../../spec/signals.js";
import { logSource } from "../../containers/attach.js";
import { ContainerRecord } from "../../containers/container-record.js";
import { destroyContainer, signalContainer } from "../../containers/end-container.js";
import { containerExit } from "../../containers/exit-status.js";
import { launchContainer } from "../../containers/launch-container.js";
import { makeBelow } from "../../containers/make-below.js";
import { withWrittenLayer, writtenBy } from "../../containers/written-layer.js";
import { readLog } from "../../logs/log-reader.js";
import type { RawExit } from "../../supervisor/supervisor.js";
import { pathsTo } from "../files/dangling-links.js";
import { statInRoot } from "../files/root-files.js";
import { resolved } from "./copy-files.js";
import { type PlannedMount, planRunMounts } from "./plan-run-mounts.js";
import type { Workspace } from "./workspace.js";

export interface RunOptions {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly user: string;
  /** Directories of the layers below, lowest first. */
  readonly below: readonly string[];
  readonly mounts: readonly PlannedMount[];
  readonly network: "none" | "host";
  readonly privileged: boolean;
  readonly memoryBytes: number | undefined;
  readonly extraHosts: readonly { readonly host: string; readonly address: string }[];
  readonly output: (stream: "stdout" | "stderr", text: string) => void;
  readonly signal: AbortSignal | undefined;
}

export type RunResult = { readonly exit: ContainerExit; readonly layer: string | undefined };

const HOSTNAME = "buildkitsandbox";
/** What every container has mounted: made where an image lacks it, and no part of the layer. */
const STUB_DIRECTORIES = ["proc", "sys", "dev", "etc"];
const STUB_FILES = ["etc/hosts", "etc/hostname", "etc/resolv.conf"];

/** @throws COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, START_FAILED, DISK_FULL, ABORTED, and what reading users throws */
export async function runCommand(workspace: Workspace, options: RunOptions): Promise<RunResult> {
  const { session, layers, empty, newest, keep } = workspace;
  const { below, mounts, signal } = options;
  throwIfAborted("build", signal);
  const stubs = await makeStubs(workspace, options);
  const record = new ContainerRecord(newContainerId(), "build", specOf(options), imageOf(options, [stubs, ...below]), undefined, {
    directory: session.directory,
    lasting: false,
  });
  record.additions = planRunMounts(mounts, session.mountpoint, empty, session.host);
  try {
    const exit = await runToEnd(workspace, record, options);
    if (exit.exitCode !== 0) return { exit, layer: undefined };
    const layer = await withWrittenLayer(session, writtenBy(record), (directory) => layers.adopt(directory, { newest }, signal, keep));
    return { exit, layer };
  } finally {
    await destroyContainer(session, record);
  }
}

async function runToEnd({ session }: Workspace, record: ContainerRecord, { output, signal }: RunOptions): Promise<ContainerExit> {
  const { supervisor } = session;
  let ended: (exit: ContainerExit) => void = () => {};
  let failed: (reason: unknown) => void = () => {};
  const exit = new Promise<ContainerExit>((resolve, reject) => {
    ended = resolve;
    failed = reject;
  });
  exit.catch(() => {});
  const onExit = (id: string, raw: RawExit, oom: string | undefined): void => {
    if (id === record.id) ended(containerExit(raw, oom));
  };
  const onEnd = (): void => failed(supervisor.death);
  const onAbort = (): void => void signalContainer(session, record, signalNumber("SIGKILL")).catch(() => {});
  supervisor.on("exit", onExit).on("end", onEnd);
  supervisor.retain();
  try {
    await launchContainer(session, record);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) onAbort();
    for await (const { stream, data } of readLog(logSource(session, record), { follow: true })) output(stream, data.toString("utf8"));
    const result = await exit;
    if (signal?.aborted) throw abortError("build", signal);
    return result;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    supervisor.off("exit", onExit).off("end", onEnd);
    supervisor.release();
  }
}

function specOf({ words, env, workingDir, user, network, privileged, memoryBytes, extraHosts }: RunOptions): ContainerSpec {
  return {
    ...(memoryBytes === undefined ? {} : { resources: { memoryBytes } }),
    image: "build",
    entrypoint: [],
    command: words,
    env,
    workingDir,
    user,
    networkMode: network,
    privileged,
    extraHosts,
    hostname: HOSTNAME,
  };
}

function imageOf({ workingDir }: RunOptions, layerDirectories: readonly string[]) {
  const config: ImageConfig = { ...fromOci(), workingDir };
  const inspect: ImageInspect = {
    ...{ id: "", references: [], created: new Date(0), size: 0, labels: {}, platform: "", digest: "", repoDigests: [] },
    ...{ config, layers: [], history: [] },
  };
  return { inspect, layerDirectories };
}

interface Place {
  readonly path: string;
  readonly isDirectory: boolean;
}

/** Of steps without mounts of their own: nothing writes to it, so all of a build share it. */
const commonStubs = new WeakMap<Workspace, Promise<string>>();

/** The lowest layer: places to mount on that the image may lack. Being below, it hides nothing and is no part of what is written. */
async function makeStubs(workspace: Workspace, { below, mounts }: RunOptions): Promise<string> {
  if (mounts.length > 0) return writeStubs(workspace, await placesOf(workspace, below, mounts));
  const known = commonStubs.get(workspace);
  if (known) return known;
  const made = writeStubs(workspace, []);
  commonStubs.set(workspace, made);
  return made;
}

async function writeStubs(workspace: Workspace, places: readonly Place[]): Promise<string> {
  const directory = workspace.scratch();
  const directories = places.map((place) => (place.isDirectory ? place.path : path.posix.dirname(place.path)));
  await makeBelow(directory, [...STUB_DIRECTORIES, ...directories]);
  const files = places.filter(({ isDirectory }) => !isDirectory).map((place) => place.path);
  for (const each of new Set([...STUB_FILES, ...files])) await writeFile(path.join(directory, each), "");
  return directory;
}

/** Where the image's own links lead. */
async function placesOf({ session }: Workspace, below: readonly string[], mounts: readonly PlannedMount[]): Promise<readonly Place[]> {
  const paths = [...new Set(mounts.flatMap(({ target }) => pathsTo(target)))];
  const found = await statInRoot(session, below, paths);
  const known = new Map(paths.flatMap((each, index) => (found[index] ? [[each, found[index]] as const] : [])));
  return mounts.map(({ target, source }) => ({
    path: resolved(target, known),
    isDirectory: source.kind === "tmpfs" || (source.kind !== "content" && source.isDirectory),
  }));
}
