/** A build from start to end: context and Dockerfile read, the stages that are needed built, the image written. */

import type { ImageState } from "../../dockerfile/image-state.js";
import { checkOptionsOf, violationOf } from "../../dockerfile/lint/build-lint.js";
import { findTarget, neededStages } from "../../dockerfile/stage-graph.js";
import type { BuildContext, BuildOptions, BuildResult, ImageInspect } from "../../engine.js";
import { type OciImageConfig, toOci } from "../../oci/image-config.js";
import type { Platform } from "../../oci/platform.js";
import type { ImageStore } from "../images/image-store.js";
import type { BuildContextFacts } from "./build-context.js";
import { BuildProgress } from "./build-progress.js";
import { warnOf, warnOfText } from "./build-warnings.js";
import { gatherFacts } from "./gather-facts.js";
import { type BuilderParts, openBuild } from "./open-build.js";
import { StageBuilder } from "./stage-builder.js";

export function buildImage(parts: BuilderParts, context: BuildContext, options: BuildOptions): Promise<BuildResult> {
  return openBuild(parts, context, options, async (build) => {
    const progress = new BuildProgress(options.progress);
    const { dockerfile, error } = build.parsed;
    const checks = checkOptionsOf(build.parsed, options);
    if (error !== undefined) {
      warnOfText(build.parsed, checks, progress);
      throw error;
    }
    const { facts, save } = gatherFacts(parts, build, dockerfile, options, progress);
    const target = findTarget(dockerfile, options.target);
    const checked = warnOf(facts, checks, target, progress);
    checked.catch(() => {}); // awaited below, but later
    try {
      // Otherwise nobody waits for the images of all stages before the first step.
      if (checks.error) throwIfSet(violationOf(checks, await checked));
      const state = await buildStages(facts, target.index, build.stop);
      await save();
      return { image: await writeResult(parts.images, facts, state), warnings: progress.warnings };
    } finally {
      await checked;
    }
  });
}

function throwIfSet(error: unknown): void {
  if (error !== undefined) throw error;
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
  for (const index of neededStages(facts, target)) stageState(index).catch(() => {});
  const result = await stageState(target).catch(() => undefined);
  // Whatever still runs has been told to stop: nothing of this build goes on after its end.
  await Promise.allSettled(running.values());
  if (result && !first) return result;
  throw first?.error;
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
