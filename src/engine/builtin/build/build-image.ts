/** A build from start to end: context and Dockerfile read, the stages that are needed built, the image written. */
import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { BuildContext, BuildOptions, BuildResult, ImageInspect } from "../../engine.js";
import { abortError, optionError, throwIfAborted } from "../../errors.js";
import type { Session } from "../containers/session.js";
import { type OciImageConfig, toOci } from "../images/image-config.js";
import type { ImageStore } from "../images/image-store.js";
import { hostPlatform, type Platform, parsePlatform } from "../images/platform.js";
import type { BuildContextFacts } from "./build-context.js";
import { BuildProgress } from "./build-progress.js";
import type { CacheStore } from "./cache-store.js";
import { type NamedContexts, namedContexts } from "./context/named-context.js";
import { type OpenContext, openContext } from "./context/open-context.js";
import { type Dockerfile, parseDockerfile } from "./dockerfile/parse-dockerfile.js";
import { Expander } from "./expand-instruction.js";
import type { ImageState } from "./image-state.js";
import { platformArgs } from "./platform-args.js";
import { StageBuilder } from "./stage-builder.js";
import { findStage, findTarget } from "./stage-graph.js";
import { openWorkspace, type Workspace } from "./steps/workspace.js";
import { validateBuildOptions } from "./validate-options.js";

export interface BuilderParts {
  readonly images: ImageStore;
  readonly cache: CacheStore;
  /** Opens the session on first use. */
  readonly session: () => Promise<Session>;
  /** For contexts that are unpacked or cloned. */
  readonly temporary: string;
}

export async function buildImage(parts: BuilderParts, context: BuildContext, options: BuildOptions): Promise<BuildResult> {
  validateBuildOptions(context, options);
  throwIfAborted("build", options.signal);
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  let workspace: Promise<Workspace> | undefined;
  const openOnce = (newest: number | undefined): Promise<Workspace> => {
    workspace ??= parts.session().then((session) => openWorkspace(session, parts.images.layers, parts.images.tools, newest));
    return workspace;
  };
  const temporary: string[] = [];
  const newTemporary = async (): Promise<string> => {
    const place = path.join(parts.temporary, `context-${process.pid}-${randomBytes(6).toString("hex")}`);
    await mkdir(parts.temporary, { recursive: true });
    temporary.push(place);
    return place;
  };
  try {
    const { cache, images } = parts;
    const contextParts = { cache, http: images.registries.http, tools: images.tools, temporary: newTemporary, signal };
    const opened = await openContext(context, options, contextParts);
    const named = namedContexts(options, images, contextParts);
    const facts = gatherFacts(parts, opened, named, openOnce, options, signal);
    const target = findTarget(facts.dockerfile, options.target);
    const state = await buildStages(facts, target.index, stop);
    await Promise.all([opened.digests.save(), named.save()]);
    return { image: await writeResult(images, facts, state), warnings: facts.progress.warnings };
  } catch (error) {
    if (options.signal?.aborted) throw abortError("build", options.signal);
    throw error;
  } finally {
    parts.cache.release();
    await workspace?.then((open) => open.close()).catch(() => {}); // the session is gone, and its directory with it
    for (const place of temporary) await rm(place, { recursive: true, force: true });
  }
}

function gatherFacts(
  parts: BuilderParts,
  opened: OpenContext,
  named: NamedContexts,
  workspace: (newest: number | undefined) => Promise<Workspace>,
  options: BuildOptions,
  signal: AbortSignal,
): BuildContextFacts {
  const { images, cache, session } = parts;
  const dockerfile = parseDockerfile(opened.file, opened.text);
  const target = parsePlatform(options.platform ?? hostPlatform());
  const args = platformArgs(parsePlatform(hostPlatform()), target);
  const epoch = options.sourceDateEpoch ?? epochArgument(options.buildArgs?.["SOURCE_DATE_EPOCH"]);
  return {
    ...{ dockerfile, options, images, cache, session, signal, target, epoch },
    contexts: named.byName,
    progress: new BuildProgress(options.progress),
    platformArgs: args,
    globalArgs: globalArguments(dockerfile, args, options.buildArgs ?? {}),
    files: opened.files,
    workspace: () => workspace(epoch),
    directory: opened.directory,
  };
}

function epochArgument(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^\d+$/.test(text)) throw optionError("buildArgs.SOURCE_DATE_EPOCH", text, "seconds since 1970");
  return Number(text);
}

/** Platform arguments, then those before the first FROM; given ones win. */
function globalArguments(
  dockerfile: Dockerfile,
  platform: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>>,
): Map<string, string> {
  const known = new Map(Object.entries(platform).map(([name, value]) => [name, given[name] ?? value]));
  for (const instruction of dockerfile.globalArgs) {
    const expander = new Expander(dockerfile, instruction, (name) => known.get(name));
    for (const { name, value } of instruction.args) {
      const set = given[name] ?? (value === undefined ? undefined : expander.word(value));
      if (set !== undefined) known.set(name, set);
    }
  }
  return known;
}

/** Each stage once, and as soon as somebody needs it; those that can be told in advance at once. The first failure stops the others. */
async function buildStages(facts: BuildContextFacts, target: number, stop: AbortController): Promise<ImageState> {
  const running = new Map<number, Promise<ImageState>>();
  // Those that were stopped because of it fail as well, and later.
  let first: { error: unknown } | undefined;
  const stageState = (index: number): Promise<ImageState> => {
    let state = running.get(index);
    if (!state) {
      state = new StageBuilder(facts, facts.dockerfile.stages[index]!, stageState).build();
      running.set(index, state);
      state.catch((error: unknown) => {
        first ??= { error };
        stop.abort();
      });
    }
    return state;
  };
  for (const index of neededStages(facts.dockerfile, target, facts.globalArgs)) stageState(index).catch(() => {});
  const result = await stageState(target).catch(() => undefined);
  // Whatever still runs has been told to stop: nothing of this build goes on after its end.
  await Promise.allSettled(running.values());
  if (result && !first) return result;
  throw first?.error;
}

/** The target and what it stands on, as far as names tell. */
function neededStages(dockerfile: Dockerfile, target: number, globalArgs: ReadonlyMap<string, string>): Set<number> {
  const needed = new Set<number>();
  const visit = (index: number): void => {
    if (needed.has(index)) return;
    needed.add(index);
    const stage = dockerfile.stages[index]!;
    const base = new Expander(dockerfile, stage.from, (name) => globalArgs.get(name)).word(stage.from.image);
    const names = [base, ...stage.instructions.flatMap(sourcesOf)];
    for (const name of names) {
      const found = findStage(dockerfile.stages, name, index);
      if (found) visit(found.index);
    }
  };
  visit(target);
  return needed;
}

function sourcesOf(instruction: Dockerfile["stages"][number]["instructions"][number]): string[] {
  if (instruction.keyword === "COPY") return instruction.from === undefined ? [] : [instruction.from];
  if (instruction.keyword !== "RUN") return [];
  return instruction.mounts.flatMap((mount) => /(?:^|,)from=([^,]+)/.exec(mount)?.[1] ?? []);
}

async function writeResult(images: ImageStore, facts: BuildContextFacts, state: ImageState): Promise<ImageInspect> {
  const { options, target, epoch } = facts;
  const labels = { ...state.config.labels, ...options.labels };
  const {
    config: base = {},
    history: past = [],
    created: _created,
    rootfs: _rootfs,
    author: _author,
    ...others
  } = state.base ?? emptyBase(target);
  const known = Object.keys(toOci(FULL_CONFIG));
  const kept = Object.fromEntries(Object.entries(base).filter(([name]) => !known.includes(name)));
  const times = await createdTimes(images, state, past, epoch);
  const history = [...past, ...state.history.map((entry, index) => ({ created: times[index]!, ...entry }))];
  const document: OciImageConfig = {
    ...others,
    ...(state.author ? { author: state.author } : {}),
    created: epoch === undefined ? (times.at(-1) ?? state.base?.created ?? new Date().toISOString()) : isoTime(epoch),
    config: { ...kept, ...toOci({ ...state.config, labels }) },
    rootfs: { type: "layers", diff_ids: state.layers },
    history,
  };
  return images.publishBuild(document, options.tags ?? []);
}

/** Every field set, so that all names are known. */
const FULL_CONFIG = {
  ...{ user: "0", env: ["a"], entrypoint: ["a"], command: ["a"], workingDir: "/", exposedPorts: ["1/tcp"], volumes: ["/a"] },
  ...{ labels: { a: "b" }, stopSignal: "SIGTERM", shell: ["sh"], onBuild: ["RUN a"], healthcheck: { test: ["NONE"] } },
} as const;

function emptyBase({ os, architecture, variant }: Platform): OciImageConfig {
  return { architecture, os, ...(variant ? { variant } : {}), rootfs: { type: "layers", diff_ids: [] } };
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

/** When each step's layer was made, so that a build that is all cached gives the same image; other steps have the time of the one before. */
async function createdTimes(
  images: ImageStore,
  state: ImageState,
  past: NonNullable<OciImageConfig["history"]>,
  epoch: number | undefined,
): Promise<string[]> {
  if (epoch !== undefined) return state.history.map(() => isoTime(epoch));
  const own = state.layers.slice(state.layers.length - state.history.filter((entry) => !entry.empty_layer).length);
  let last = past.at(-1)?.created ?? state.base?.created;
  let next = 0;
  const times: string[] = [];
  for (const entry of state.history) {
    if (!entry.empty_layer) last = (await images.layers.metadata(own[next++]!))?.created ?? last;
    times.push(last ?? new Date().toISOString());
  }
  return times;
}
