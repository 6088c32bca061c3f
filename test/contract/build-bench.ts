/** What the tests of builds share: contexts on disk, builds of inline Dockerfiles, which steps ran, and failures that leave nothing. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import type { BuildEvent, BuildOptions, ImageInspect } from "../../src/engine/engine.js";
import { type CaissonError, isCaissonError } from "../../src/engine/errors.js";
import { outputOf } from "../fixtures/output.js";
import type { Workbench } from "./workbench.js";

export type ContextFiles = Readonly<Record<string, string | Buffer>>;
export type BuildTestOptions = BuildOptions & { readonly files?: ContextFiles };

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly error: CaissonError;
}

export interface BuildBench {
  /** A new directory with these files. */
  context(files: ContextFiles): Promise<string>;
  build(dockerfile: string, options?: BuildTestOptions): Promise<ImageInspect>;
  /** What a shell script prints in a container of the image. */
  contents(image: ImageInspect, script: string): Promise<string>;
  /** Names of the steps that were not taken from the cache. */
  stepsRun(place: string, options?: BuildOptions): Promise<string[]>;
  /** The error of a build that must fail; it leaves no image. */
  failure(dockerfile: string, options?: BuildTestOptions): Promise<Failure>;
}

/** Registers its hooks with the surrounding `describe`. */
export function useBuilds(bench: Workbench): BuildBench {
  let directory: string;
  let count = 0;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "caisson-builds-"));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const context: BuildBench["context"] = async (files) => {
    const place = path.join(directory, String(++count));
    await mkdir(place, { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(place, name)), { recursive: true });
      await writeFile(path.join(place, name), content);
    }
    return place;
  };
  const build: BuildBench["build"] = async (dockerfile, { files = {}, ...options } = {}) =>
    (await bench.engine.images.build(await context(files), { ...options, dockerfileText: dockerfile })).image;
  return {
    context,
    build,
    contents: (image, script) => outputOf(bench.engine, { image: image.id, entrypoint: ["/bin/sh", "-c"], command: [script] }),
    async stepsRun(place, options = {}) {
      const events: BuildEvent[] = [];
      await bench.engine.images.build(place, { ...options, progress: (event) => events.push(event) });
      return namesOfStepsRun(events);
    },
    async failure(dockerfile, options) {
      const before = await bench.engine.images.list();
      const error = await build(dockerfile, options).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(await bench.engine.images.list()).toEqual(before);
      if (!isCaissonError(error)) throw error ?? new Error("it was built");
      return { code: error.code, message: error.message, facts: error.facts as unknown as Failure["facts"], error };
    },
  };
}

/** Without stages and numbers, and without base images. */
export function namesOfStepsRun(events: readonly BuildEvent[]): string[] {
  const names = new Map(
    events.flatMap((event) => (event.type === "step" ? [[event.step, event.name.replace(/^\[[^\]]*\] /, "")] as const] : [])),
  );
  return events
    .flatMap((event) => (event.type === "done" && !event.cached ? [names.get(event.step)!] : []))
    .filter((name) => !name.startsWith("FROM"));
}

/** The surrounding `describe` is about BuildKit's language and ways. */
export function needsBuildkit(bench: Workbench): void {
  beforeEach(({ skip }) => {
    if (!bench.engine.supports.buildkit)
      skip("a daemon's own builder, of whatever version, decides what it understands: builds-everywhere has what all do");
  });
}
