/** Every daemon that can be found from here, for `caisson doctor`. */
import type { Probe } from "../../diagnosis.js";
import { infoOf, type SystemInfoJson } from "../../docker-api/system-json.js";
import { errorSummary, isCaissonError } from "../../errors.js";
import type { DockerClient } from "../docker-client.js";
import type { DaemonStep } from "./daemon-step.js";
import { daemonSteps } from "./daemon-steps.js";
import { connectTo } from "./find-daemon.js";
import { readDetectionFacts } from "./read-detection-facts.js";

/** In the order in which they would be chosen. Never throws. */
export async function diagnoseDaemons(environment: NodeJS.ProcessEnv): Promise<readonly Probe[]> {
  const steps = daemonSteps(await readDetectionFacts(undefined, environment));
  const found = (await Promise.all(steps.map((step) => probe(step, environment)))).filter((each) => each !== undefined);
  if (found.length > 0) return found;
  return [{ name: "daemon", status: "skipped", detail: `none of Docker's or Podman's in any of ${steps.length} places` }];
}

/** Undefined for one of the usual places where nothing is. */
async function probe(step: DaemonStep, environment: NodeJS.ProcessEnv): Promise<Probe | undefined> {
  const name = `daemon of ${step.origin}`;
  try {
    const client = await connectTo(step, environment);
    try {
      return { name, status: "passed", detail: await describe(client) };
    } finally {
      await client.close();
    }
  } catch (error) {
    const place = isCaissonError(error, "ENGINE_UNAVAILABLE") ? error.facts.tried[0] : undefined;
    if (!step.decisive && place && /\(ENOENT\)/.test(place.reason)) return undefined;
    const { detail, remedy } = errorSummary(error);
    return { name, status: "warning", detail: place?.reason ?? detail, remedy: place?.remedy ?? remedy };
  }
}

async function describe(client: DockerClient): Promise<string> {
  const { version, platform } = infoOf(await client.json<SystemInfoJson>("GET", "/info", { doing: "Asking the daemon what it is" }));
  return `${client.address}: version ${version}, API ${client.version}, ${platform}`;
}
