/** An engine with a small image for the tests of one file; what they made is removed after each, and nothing may be left at the end. */
import { readdirSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, type RunnerTestFile } from "vitest";
import type { ContainerSpec, Engine } from "../../src/engine/engine.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { mountsBelow } from "../fixtures/mounts.js";
import { removeTree } from "../fixtures/rootless.js";
import { faultOf, faultsOfNoTest } from "./daemon-faults.js";
import { type BorrowedDaemon, borrowDaemon, contentsOf, emptyDaemon } from "./daemons.js";
import type { Candidate } from "./engines.js";

export interface Workbench {
  readonly engine: Engine;
  /** One more engine with the same data root or daemon, as another process would have it. */
  openAnother(): Promise<Engine>;
  /** Creates and starts a container of busybox. */
  start(spec: Omit<ContainerSpec, "image">): Promise<string>;
  startShell(script: string, spec?: Omit<ContainerSpec, "image" | "command">): Promise<string>;
  /** Runs a shell script to its end. */
  shell(script: string, spec?: Omit<ContainerSpec, "image" | "command">): Promise<ShellResult>;
}

export interface ShellResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
  readonly signal?: string | undefined;
  readonly oomKilled: boolean;
}

/** Others that use the same daemon have it first. */
const TURN_TIMEOUT_MS = 1_200_000;

/** Registers its hooks with the surrounding `describe`. */
export function useEngine(candidate: Candidate): Workbench {
  let home: string;
  let daemon: BorrowedDaemon | undefined;
  let engine: Engine;
  let file: RunnerTestFile | undefined;

  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), "caisson-contract-"));
    daemon = candidate.daemon && (await borrowDaemon(candidate.daemon));
    engine = await candidate.open(home, daemon?.access);
    await ensureBusyboxImage(engine);
  }, TURN_TIMEOUT_MS);

  beforeEach(async ({ task, annotate, skip }) => {
    file = task.file;
    const listed = faultOf(candidate, task);
    if (listed === undefined) return;
    if (listed.skip) skip(`${listed.skip}: ${listed.fault}`);
    // Vitest reads it when the test has ended; its types let it be said only where a test is declared.
    (task as { fails?: boolean }).fails = true;
    await annotate(listed.fault, "known fault");
  });

  afterEach(async () => {
    await removeContainers(engine.containers);
    await engine.networks.prune();
  });

  afterAll(async () => {
    try {
      await engine?.close();
      const left = { sessions: entriesOf(path.join(home, "sessions")), mounts: mountsBelow(home) };
      await removeTree(home);
      expect(left).toEqual({ sessions: [], mounts: [] });
      if (daemon) {
        const leftThere = await contentsOf(daemon.access);
        await emptyDaemon(daemon.access);
        expect(leftThere).toEqual({ containers: [], networks: [], volumes: [] });
      }
      if (file) expect(faultsOfNoTest(candidate, file)).toEqual([]);
    } finally {
      daemon?.giveBack();
    }
  });

  const start: Workbench["start"] = async (spec) => {
    const { id } = await engine.containers.create({ image: "busybox", ...spec });
    await engine.containers.start(id);
    return id;
  };
  const startShell: Workbench["startShell"] = (script, spec) => start({ command: ["sh", "-c", script], ...spec });
  return {
    get engine() {
      return engine;
    },
    openAnother: () => candidate.open(home, daemon?.access),
    start,
    startShell,
    async shell(script, spec) {
      const id = await startShell(script, spec);
      const exit = await engine.containers.wait(id);
      const output = { stdout: "", stderr: "" };
      for await (const { stream, data } of engine.containers.logs(id)) output[stream] += data.toString();
      return { ...output, ...exit };
    },
  };
}

/** Podman removes none whose namespaces another one shares: as long as some go, the others are tried again. */
async function removeContainers(containers: Engine["containers"]): Promise<void> {
  const all = await containers.list({ all: true });
  const refusals: unknown[] = [];
  for (const { id } of all) await containers.remove(id, { force: true }).catch((error: unknown) => refusals.push(error));
  if (refusals.length === all.length && all.length > 0) throw refusals[0];
  if (refusals.length > 0) await removeContainers(containers);
}

function entriesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
