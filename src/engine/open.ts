/** Choosing an engine, with the reasons for every engine that was not chosen. */
import os from "node:os";
import path from "node:path";
import type { Probe } from "./diagnosis.js";
import type { Engine } from "./engine.js";
import { CaissonError, type ErrorFacts, errorSummary, isCaissonError, optionError } from "./errors.js";

export interface OpenEngineOptions {
  /** @default CAISSON_ENGINE, else `"auto"` */
  readonly engine?: "auto" | "builtin" | "remote" | undefined;
  /** Address of a daemon, which makes it the remote engine: `unix:///path`, `tcp://host:port`, `ssh://user@host`. @default found */
  readonly host?: string | undefined;
  /**
   * What is made stays when the engine is closed: at a daemon as it is; of the built-in engine, whose containers are stopped then, for
   * the next one that has this data root to itself and calls `resume`. @default false
   */
  readonly lasting?: boolean | undefined;
  /** Data root. @default CAISSON_HOME, else /var/lib/caisson for root and $XDG_DATA_HOME/caisson for others */
  readonly home?: string | undefined;
  /** @default process.env */
  readonly environment?: NodeJS.ProcessEnv | undefined;
}

const ENGINES: readonly string[] = ["auto", "builtin", "remote"];

/**
 * Opens an engine of its own: its containers end with `close()`. Left to itself it is the built-in engine where that can run, else a daemon.
 * @throws ENGINE_UNAVAILABLE with the reasons of all, OPTION_INVALID
 */
export async function openEngine(options: OpenEngineOptions = {}): Promise<Engine> {
  const environment = options.environment ?? process.env;
  const wanted = options.engine ?? (options.host === undefined ? (environment["CAISSON_ENGINE"] ?? "auto") : "remote");
  if (!ENGINES.includes(wanted)) throw optionError("CAISSON_ENGINE", wanted, "the name of an engine", ENGINES);
  if (wanted === "remote") return openRemote(options, environment);
  if (process.platform !== "linux") {
    const refusal = { engine: "builtin", reason: `it needs Linux; this is ${process.platform}` };
    if (wanted === "auto") return openRemote(options, environment, refusal);
    throw unavailable([refusal], undefined);
  }
  const builtin = await import("./builtin/index.js");
  const settings = { root: options.home ?? dataRoot(environment), environment, lasting: options.lasting };
  if (wanted === "builtin") return builtin.BuiltinEngine.open(settings);
  const found = await builtin.openWhereFit(settings);
  if (!("obstacle" in found)) return found;
  const { obstacle, engine } = found;
  const remote = openRemote(options, environment, { engine: "builtin", ...obstacle });
  // Without a daemon, what needs no container works all the same, and a start says what is in its way.
  return engine ? remote.catch(() => engine) : remote;
}

/** Whether containers that stay would be a daemon's: one is named, or the built-in engine can't run here. */
export async function choosesDaemon(environment: NodeJS.ProcessEnv): Promise<boolean> {
  const { CAISSON_ENGINE: wanted = "auto", DOCKER_HOST: named } = environment;
  if (wanted !== "auto") return wanted === "remote";
  if (named || process.platform !== "linux") return true;
  const builtin = await import("./builtin/index.js");
  return (await builtin.findObstacle(environment)) !== undefined;
}

type Refusal = ErrorFacts["ENGINE_UNAVAILABLE"]["tried"][number];

/** @param refusal of the engine that would have been chosen first */
async function openRemote({ host, lasting }: OpenEngineOptions, environment: NodeJS.ProcessEnv, refusal?: Refusal): Promise<Engine> {
  const { RemoteEngine } = await import("./remote/index.js");
  try {
    return await RemoteEngine.open({ host, lasting, environment });
  } catch (error) {
    if (!refusal) throw error;
    const { detail, remedy } = errorSummary(error);
    const daemons = isCaissonError(error, "ENGINE_UNAVAILABLE") ? error.facts.tried : [{ engine: "remote", reason: detail, remedy }];
    throw unavailable([refusal, ...daemons], error);
  }
}

function unavailable(tried: readonly Refusal[], cause: unknown): CaissonError<"ENGINE_UNAVAILABLE"> {
  const said = new Set<string | undefined>([undefined]);
  const lines = tried.map(({ engine, reason, remedy }) => {
    const known = said.has(remedy);
    said.add(remedy);
    return `${engine}: ${reason}${known ? "" : ` -> ${remedy}`}`;
  });
  return new CaissonError("ENGINE_UNAVAILABLE", "No engine can run here", {
    facts: { tried },
    evidence: lines,
    cause,
    remedy: "Mend what keeps one of them; `caisson doctor` tries everything.",
  });
}

/** Tries everything that the engine needs of this host, and says by name what failed. Never throws. */
export async function diagnose(options: Omit<OpenEngineOptions, "engine"> = {}): Promise<readonly Probe[]> {
  const environment = options.environment ?? process.env;
  if (process.platform !== "linux") {
    const detail = `this is ${process.platform}`;
    return [{ name: "kernel", status: "failed", detail, remedy: "Use Linux, for example in a virtual machine." }];
  }
  const builtin = await import("./builtin/index.js");
  return builtin.diagnose({ root: options.home ?? dataRoot(environment), environment });
}

/** The Docker and Podman daemons that can be found, in the order in which they would be chosen, and what keeps others. Never throws. */
export async function diagnoseDaemons(options: Pick<OpenEngineOptions, "environment"> = {}): Promise<readonly Probe[]> {
  const remote = await import("./remote/index.js");
  return remote.diagnoseDaemons(options.environment ?? process.env);
}

let shared: Promise<Engine> | undefined;
let chosen: Engine | undefined;

/** The one engine that everything in this process shares unless told otherwise; it ends with the process. */
export function defaultEngine(): Promise<Engine> {
  if (chosen) return Promise.resolve(chosen);
  shared ??= openEngine();
  shared.catch(() => {
    shared = undefined;
  });
  return shared;
}

/**
 * Has everything in this process that isn't told otherwise use this engine from now on: for a suite, in its set-up. It stays yours to close.
 * @param engine undefined for one that is found when it is needed, as before
 */
export function setDefaultEngine(engine: Engine | undefined): void {
  chosen = engine;
}

/** Ends the shared engine; the next use opens a new one. */
export async function closeDefaultEngine(): Promise<void> {
  const engine = shared;
  shared = undefined;
  await (await engine?.catch(() => undefined))?.close();
}

/** Where images and sessions live. */
export function dataRoot(environment: NodeJS.ProcessEnv): string {
  const home = environment["CAISSON_HOME"];
  if (home) return path.resolve(home);
  if (process.getuid?.() === 0) return "/var/lib/caisson";
  return path.join(environment["XDG_DATA_HOME"] || path.join(os.homedir(), ".local", "share"), "caisson");
}
