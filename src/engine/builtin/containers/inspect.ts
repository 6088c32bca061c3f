/** What list and inspect show of a container. */
import { hostConfigBody } from "../../docker-api/container-create.js";
import type { ContainerInspect, ContainerState, ContainerSummary } from "../../engine.js";
import { statusText } from "../../spec/status-text.js";
import type { ContainerRecord } from "./container-record.js";
import { mountPoint } from "./mount-plan.js";
import { inspectEndpoint } from "./networks/network-record.js";

export function summarize(record: ContainerRecord): ContainerSummary {
  const { spec, image, process } = record;
  const { config } = image.inspect;
  return {
    id: record.id,
    name: record.name,
    image: spec.image,
    imageId: image.inspect.id,
    command: process ? process.argv : [...(spec.entrypoint ?? config.entrypoint ?? []), ...(spec.command ?? config.command ?? [])],
    created: record.created,
    status: record.status,
    statusText: statusText(stateOf(record), Date.now()),
    labels: labelsOf(record),
    ports: record.ports,
    exposedPorts: exposedPortsOf(record),
    mounts: record.mounts.map(mountPoint),
    ipAddress: record.address?.address ?? [...record.endpoints.values()][0]?.ipv4.address,
    networks: Object.fromEntries(
      [...record.endpoints.values()].map((endpoint) => [endpoint.network.name, inspectEndpoint(record, endpoint)]),
    ),
  };
}

export function labelsOf({ image, spec }: ContainerRecord): Readonly<Record<string, string>> {
  return { ...image.inspect.config.labels, ...spec.labels };
}

export function exposedPortsOf({ image, spec }: ContainerRecord): readonly string[] {
  return [...new Set([...image.inspect.config.exposedPorts, ...(spec.exposedPorts ?? [])])];
}

function stateOf(record: ContainerRecord): ContainerState {
  return {
    status: record.status,
    running: record.running || record.status === "restarting",
    pid: record.running ? record.pid : 0,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
    exit: record.exit,
    health: record.health,
  };
}

export function inspectRecord(record: ContainerRecord): ContainerInspect {
  const { spec, image, process } = record;
  const config = image.inspect.config;
  const summary = summarize(record);
  return {
    ...summary,
    state: stateOf(record),
    config: {
      env: process?.env ?? config.env,
      entrypoint: process?.entrypoint ?? [],
      command: process?.command ?? [],
      workingDir: process?.workingDir ?? "/",
      user: spec.user ?? config.user,
      hostname: process?.hostname ?? record.shortId,
      domainname: spec.domainname ?? "",
      tty: spec.tty ?? false,
      openStdin: spec.openStdin ?? false,
      stdinOnce: spec.stdinOnce ?? false,
      exposedPorts: summary.exposedPorts,
      stopSignal: process?.stopSignal ?? "SIGTERM",
      stopTimeoutMs: spec.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS,
      healthcheck: effectiveHealthcheck(record),
      resources: spec.resources ?? {},
      restartPolicy: spec.restartPolicy ?? { name: "no" },
      annotations: spec.annotations ?? {},
    },
    hostConfig: withoutUndefined(hostConfigBody(spec, Object.keys(spec.networks ?? {})[0])),
    restartCount: record.restarts.count,
    refusedHostPorts: [...record.refusedHostPorts],
    platform: image.inspect.platform,
  };
}

function withoutUndefined(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

/** Docker's grace between the stop signal and SIGKILL. */
export const DEFAULT_STOP_TIMEOUT_MS = 10_000;

/** The spec's, else the image's; none when either says NONE. */
export function effectiveHealthcheck(record: ContainerRecord) {
  const { healthcheck = record.image.inspect.config.healthcheck } = record.spec;
  if (healthcheck === undefined || healthcheck === "none" || healthcheck.test.length === 0 || healthcheck.test[0] === "NONE")
    return undefined;
  return healthcheck;
}
