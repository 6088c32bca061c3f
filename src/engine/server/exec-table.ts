/** Processes that clients asked for: made first, started later, asked about after that, as the API has it. */
import { randomBytes } from "node:crypto";
import type { ExecProcess, ExecSpec } from "../engine.js";
import { HttpFailure } from "./http-failure.js";

export interface ExecEntry {
  readonly id: string;
  readonly containerId: string;
  readonly spec: ExecSpec;
  readonly attachStdin: boolean;
  readonly attachStdout: boolean;
  readonly attachStderr: boolean;
  process: ExecProcess | undefined;
  /** Somebody has asked for the start. */
  started: boolean;
  running: boolean;
  exitCode: number | undefined;
}

/** Of a container, ended ones included: the oldest of them make room. */
const KEPT = 256;

export class ExecTable {
  readonly #entries = new Map<string, ExecEntry>();

  add(entry: Pick<ExecEntry, "containerId" | "spec" | "attachStdin" | "attachStdout" | "attachStderr">): ExecEntry {
    const ended = this.#of(entry.containerId).filter(({ started, running }) => started && !running);
    for (const { id } of ended.slice(0, Math.max(0, ended.length - KEPT))) this.#entries.delete(id);
    const id = randomBytes(32).toString("hex");
    const made = { ...entry, id, process: undefined, started: false, running: false, exitCode: undefined };
    this.#entries.set(id, made);
    return made;
  }

  /** @throws HttpFailure */
  get(id: string): ExecEntry {
    const entry = this.#entries.get(id);
    if (!entry) throw new HttpFailure(404, `No such exec instance: ${id}`);
    return entry;
  }

  /** Ids of those that have not ended. */
  live(containerId: string): readonly string[] {
    return this.#of(containerId)
      .filter(({ started, running }) => running || !started)
      .map(({ id }) => id);
  }

  forget(containerId: string): void {
    for (const { id } of this.#of(containerId)) this.#entries.delete(id);
  }

  #of(containerId: string): ExecEntry[] {
    return [...this.#entries.values()].filter((entry) => entry.containerId === containerId);
  }
}
