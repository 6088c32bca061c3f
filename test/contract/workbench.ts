/** An engine with a small image for the tests of one file; what they made is removed after each, and nothing may be left at the end. */
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { ContainerSpec, Engine } from "../../src/engine/engine.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import type { Candidate } from "./engines.js";

export interface Workbench {
  readonly engine: Engine;
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

/** Registers its hooks with the surrounding `describe`. */
export function useEngine(candidate: Candidate): Workbench {
  let home: string;
  let engine: Engine;

  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), "caisson-contract-"));
    engine = await candidate.open(home);
    await ensureBusyboxImage(engine);
  });

  afterEach(async () => {
    for (const { id } of await engine.containers.list({ all: true })) await engine.containers.remove(id, { force: true });
    await engine.networks.prune();
  });

  afterAll(async () => {
    await engine?.close();
    const left = { sessions: entriesOf(path.join(home, "sessions")), mounts: mountsBelow(home) };
    await rm(home, { recursive: true, force: true });
    expect(left).toEqual({ sessions: [], mounts: [] });
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

function entriesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function mountsBelow(directory: string): readonly string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(directory));
}
