/** From the environment to a daemon that answers, and to where its ports are. */
import { execFile } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { promisify } from "node:util";
import type { DockerClient } from "../docker-client.js";
import type { DockerHost } from "../docker-host.js";
import { daemonSteps } from "./daemon-steps.js";
import { findDaemon } from "./find-daemon.js";
import { defaultGateway, publishedHost } from "./published-host.js";
import { readDetectionFacts } from "./read-detection-facts.js";

export interface DetectedDaemon {
  readonly client: DockerClient;
  /** Where published ports are reached. @param daemonName what the daemon calls its machine */
  publishedHost(daemonName: string | undefined): Promise<string>;
}

/** @throws ENGINE_UNAVAILABLE with every place that was tried, OPTION_INVALID */
export async function detectDaemon(host: string | undefined, environment: NodeJS.ProcessEnv): Promise<DetectedDaemon> {
  const facts = await readDetectionFacts(host, environment);
  const client = await findDaemon(daemonSteps(facts), environment);
  const override = environment["TESTCONTAINERS_HOST_OVERRIDE"] || facts.properties["host.override"];
  return {
    client,
    publishedHost: async (daemonName) =>
      override ||
      publishedHost({
        host: client.host,
        daemonName,
        hostname: hostname(),
        sshHostname: await sshHostname(client.host, environment),
        gateway: await gatewayOfContainer(),
      }),
  };
}

/** ssh knows aliases that nobody else resolves. */
async function sshHostname(host: DockerHost, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  if (host.kind !== "ssh") return undefined;
  const user = host.user === undefined ? [] : ["-l", host.user];
  const { stdout } = await promisify(execFile)("ssh", ["-G", ...user, "--", host.host], { env: environment }).catch(() => ({ stdout: "" }));
  return /^hostname (\S+)$/m.exec(stdout)?.[1];
}

/** Docker and Podman leave a file in every container. */
async function gatewayOfContainer(): Promise<string | undefined> {
  const marks = await Promise.allSettled(["/.dockerenv", "/run/.containerenv"].map((file) => access(file)));
  if (marks.every(({ status }) => status === "rejected")) return undefined;
  return defaultGateway(await readFile("/proc/net/route", "utf8").catch(() => ""));
}
