/** Tries one place after the other, and keeps the reason of each that is none. */
import { CaissonError, errorSummary, isCaissonError } from "../../errors.js";
import { DockerClient } from "../docker-client.js";
import { type DockerHost, parseDockerHost } from "../docker-host.js";
import type { DaemonCandidate, DaemonStep } from "./daemon-step.js";
import { readTlsFiles } from "./read-tls-files.js";
import { socketRemedy } from "./socket-remedy.js";

export interface TriedPlace {
  readonly engine: "remote";
  readonly reason: string;
  readonly remedy?: string | undefined;
}

/** The first daemon that answers. @throws ENGINE_UNAVAILABLE with every place that was tried; OPTION_INVALID where what was said is wrong */
export async function findDaemon(steps: readonly DaemonStep[], environment: NodeJS.ProcessEnv): Promise<DockerClient> {
  const tried: TriedPlace[] = [];
  for (const step of steps) {
    try {
      return await connectTo(step, environment);
    } catch (error) {
      if (step.decisive && isCaissonError(error, "OPTION_INVALID")) throw error;
      tried.push(placeOf(step, error));
      if (step.decisive) throw unavailable(tried, error);
    }
  }
  throw unavailable(tried, undefined);
}

/** @throws ENGINE_UNAVAILABLE, OPTION_INVALID */
export async function connectTo(step: DaemonStep, environment: NodeJS.ProcessEnv): Promise<DockerClient> {
  if (!("address" in step)) throw obstacleError(step);
  const host = parseDockerHost(step.address, { tls: step.tls !== undefined, option: step.origin });
  const tls = host.kind === "tcp" && host.tls && step.tls ? await readTlsFiles(step.tls) : undefined;
  try {
    return await DockerClient.open({ host, tls, environment });
  } catch (error) {
    throw await withSocketRemedy(error, host, step);
  }
}

function obstacleError({ origin, reason, remedy, option }: Exclude<DaemonStep, DaemonCandidate>): CaissonError {
  if (!option) return new CaissonError("ENGINE_UNAVAILABLE", reason, { facts: { tried: [{ engine: "remote", reason, remedy }] }, remedy });
  const { name, value, allowed } = option;
  return new CaissonError("OPTION_INVALID", `\`${name}\` is ${JSON.stringify(value)}: ${origin}: ${reason}`, {
    facts: { option: name, value, allowed },
    evidence: [`Contexts: ${allowed.join(", ")}`],
    remedy,
  });
}

/** Who may use a socket is best said by name. */
async function withSocketRemedy(error: unknown, host: DockerHost, { address }: DaemonCandidate): Promise<unknown> {
  if (host.kind !== "unix" || !isCaissonError(error, "ENGINE_UNAVAILABLE")) return error;
  if ((error.cause as NodeJS.ErrnoException | undefined)?.code !== "EACCES") return error;
  const remedy = await socketRemedy(host.path);
  const { summary: reason } = error;
  return new CaissonError("ENGINE_UNAVAILABLE", reason, {
    facts: { tried: [{ engine: "remote", reason: `${address}: permission denied (EACCES)`, remedy }] },
    cause: error.cause,
    remedy,
  });
}

function placeOf({ origin }: DaemonStep, error: unknown): TriedPlace {
  if (isCaissonError(error, "ENGINE_UNAVAILABLE")) {
    const [place] = error.facts.tried;
    return { engine: "remote", reason: `${origin}: ${place?.reason ?? error.summary}`, remedy: place?.remedy };
  }
  const { detail, remedy } = errorSummary(error);
  return { engine: "remote", reason: `${origin}: ${detail}`, remedy };
}

const NOTHING_THERE = /ENOENT|ECONNREFUSED/;
const START_ONE = "Start a Docker or Podman daemon, or set DOCKER_HOST to where one listens.";

function unavailable(tried: readonly TriedPlace[], cause: unknown): CaissonError<"ENGINE_UNAVAILABLE"> {
  const [only, ...others] = tried;
  // A daemon that is there but can't be used is worth more than those that aren't.
  const telling = tried.find(({ reason, remedy }) => remedy !== undefined && !NOTHING_THERE.test(reason));
  const summary = only && others.length === 0 ? `The daemon of ${only.reason}` : "No Docker or Podman daemon answers";
  return new CaissonError("ENGINE_UNAVAILABLE", summary, {
    facts: { tried },
    evidence: others.length === 0 ? [] : tried.map(({ reason }) => reason),
    cause,
    remedy: telling?.remedy ?? (others.length === 0 ? only?.remedy : undefined) ?? START_ONE,
  });
}
