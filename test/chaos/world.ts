/** What scenarios work with: a scratch directory, data roots with images, a registry, the cage. And what each owes after its faults. */
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { busyboxRootfs, ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { Cleanup } from "../fixtures/cleanup.js";
import { outputOf } from "../fixtures/output.js";
import { type Registry, startRegistry } from "../fixtures/registry.js";
import { Cage } from "./cage.js";
import { unfinishedIn } from "./leftovers.js";
import type { Random } from "./random.js";
import { within } from "./within.js";

const CHECK_MS = 60_000;
const TWO_DAYS_S = 2 * 24 * 60 * 60;

export interface World extends AsyncDisposable {
  readonly scratch: string;
  readonly cage: Cage;
  readonly random: Random;
  readonly rounds: number;
  readonly context: string;
  readonly dockerfileText: string;
  /** An image of two layers and some megabytes there. */
  reference(): Promise<string>;
  /** A data root with busybox. */
  newHome(): Promise<string>;
}

export async function openWorld(random: Random, rounds: number): Promise<World> {
  const cleanup = new Cleanup();
  const scratch = await mkdtemp(path.join(tmpdir(), "caisson-chaos-"));
  cleanup.defer(() => rm(scratch, { recursive: true, force: true }));
  const cage = new Cage(path.basename(scratch));
  cleanup.defer(() => cage[Symbol.dispose]());
  const context = path.join(scratch, "context");
  await mkdir(context);
  for (let index = 0; index < 40; index++) await writeFile(path.join(context, `file-${index}`), Buffer.alloc(50_000, index));
  let registry: Promise<Registry> | undefined;
  let homes = 0;
  const newHome = async (): Promise<string> => {
    const home = path.join(scratch, `home-${++homes}`);
    await mkdir(home);
    await using engine = await openEngine({ home });
    await ensureBusyboxImage(engine);
    return home;
  };
  return {
    ...{ scratch, cage, random, rounds, context, newHome },
    dockerfileText: "FROM busybox\nRUN echo one >/one; dd if=/dev/zero of=/zeros bs=1M count=3\nCOPY . /context\nRUN rm -r /context /one\n",
    async reference() {
      registry ??= startRegistry(path.join(scratch, "registry"), scratch);
      const started = await registry;
      cleanup.defer(() => started[Symbol.asyncDispose]());
      const reference = `${started.host}/chaos:1`;
      await using engine = await openEngine({ home: await newHome() });
      // Its own lowest layer, so that nothing of it is there already.
      const base = await engine.images.import(Readable.from([await busyboxRootfs(), Buffer.alloc(1024)]), { reference: "base" });
      await engine.images.build(context, {
        dockerfileText: `FROM ${base.id}\nENV PATH=/bin\nRUN dd if=/dev/urandom of=/random bs=1M count=6; i=0; while [ $i -lt 300 ]; do echo $i >/f$i; i=$((i+1)); done\n`,
        tags: [reference],
      });
      await engine.images.push(reference);
      return reference;
    },
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
}

/** @returns what is wrong with the store, and why the next start fails, if it does */
export async function checkHome(
  home: string,
  alsoRuns?: (engine: Engine) => Promise<unknown>,
): Promise<{ damaged: string[]; failed: string[] }> {
  const failed: string[] = [];
  let damaged: string[] = [];
  try {
    const work = async (): Promise<void> => {
      await using engine = await openEngine({ home });
      const output = await outputOf(engine, { image: "busybox", command: ["echo", "works"] });
      if (output !== "works\n") failed.push(`the next start says ${JSON.stringify(output)}`);
      await alsoRuns?.(engine);
      const { problems } = await engine.images.verify();
      damaged = problems.map(({ kind, name, reason }) => `${kind} ${name}: ${reason}`);
    };
    await within(CHECK_MS, "the next start", work());
  } catch (error) {
    failed.push(String(error));
  }
  return { damaged, failed };
}

/** A session directory whose supervisor was killed before it had its lock is young, and left alone for a minute. */
export async function ageSessions(home: string): Promise<void> {
  const sessions = path.join(home, "sessions");
  for (const name of await readdir(sessions).catch(() => [])) await age(path.join(sessions, name));
}

/** What is left of work once a day has passed and somebody has pruned. */
export async function filesLeftIn(home: string): Promise<string[]> {
  for (const file of unfinishedIn(home)) await age(file);
  await using engine = await openEngine({ home });
  await within(
    CHECK_MS,
    "prune",
    engine.images.prune().then(() => engine.images.pruneBuilds()),
  );
  return unfinishedIn(home);
}

async function age(file: string): Promise<void> {
  const then = Date.now() / 1000 - TWO_DAYS_S;
  await utimes(file, then, then).catch(() => {}); // it has gone meanwhile
}
