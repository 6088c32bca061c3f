/** A victim (`victim.mjs`) in the cage, and what it says. */
import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Cage } from "./cage.js";
import { within } from "./within.js";

/** Starting Node and a session on a machine that is busy; nothing that is asked for here takes a second otherwise. */
export const BOUND_MS = 30_000;

export interface VictimOptions {
  readonly home: string;
  readonly operation: string;
  readonly needs?: object | undefined;
  /** What runs it: a program that sets limits first. */
  readonly wrapper?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** A line of a victim's. */
export interface Said {
  readonly ready?: boolean;
  readonly supervisor?: number;
  readonly done?: boolean;
  readonly ms?: number;
  readonly failed?: boolean;
  readonly code?: string;
  readonly untyped?: string;
  readonly closed?: boolean;
}

export class Victim {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #news = new EventEmitter();
  readonly said: Said[] = [];
  stderr = "";

  constructor(cage: Cage, { home, operation, needs = {}, wrapper = [], env = {} }: VictimOptions) {
    const command = [...wrapper, process.execPath, path.resolve("test/chaos/victim.mjs"), home, operation, JSON.stringify(needs)];
    this.#child = spawn(command[0]!, command.slice(1), { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...env } });
    this.#child.stdin!.on("error", () => {}); // it was killed: its end says so
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.stderr = (this.stderr + text).slice(-4000);
    });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      this.said.push(JSON.parse(line) as Said);
      this.#news.emit("line");
    });
    this.#ended = once(this.#child, "close").then(() => this.#news.emit("line"));
    cage.admit(this.pid);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Lets it open its engine. Resolves when it is ready for the operation, or will never be. */
  async prepare(): Promise<Said | undefined> {
    this.#child.stdin!.write("open\n");
    return this.line("ready", ({ ready, failed }) => ready === true || failed === true);
  }

  begin(): void {
    this.#child.stdin!.write("begin\n");
  }

  /** The first such line; undefined once it has ended without one. @throws Hang */
  async line(what: string, isIt: (said: Said) => boolean): Promise<Said | undefined> {
    const find = async (): Promise<Said | undefined> => {
      for (;;) {
        const found = this.said.find(isIt);
        if (found || this.#hasEnded()) return found;
        await once(this.#news, "line");
      }
    };
    return within(BOUND_MS, `a victim's ${what} (${this.stderr})`, find());
  }

  outcome(): Promise<Said | undefined> {
    return this.line("outcome", ({ done, failed }) => done === true || failed === true);
  }

  /** Lets it close its engine and end. */
  async finish(): Promise<void> {
    this.#child.stdin!.end();
    await this.ended();
  }

  async ended(): Promise<void> {
    await within(BOUND_MS, `a victim's end (${this.stderr})`, this.#ended);
  }

  #hasEnded(): boolean {
    return this.#child.stdout!.destroyed && (this.#child.exitCode !== null || this.#child.signalCode !== null);
  }
}
