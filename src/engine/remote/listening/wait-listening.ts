/**
 * Waiting for a container's ports. The API knows nothing of sockets. Where the daemon's processes are this host's, their tables are read from
 * /proc; else one shell in the container tells what changes; where there is none, published ports are tried.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type ContainerJson, portsOf } from "../../docker-api/container-json.js";
import type { ListeningSocket, WaitListeningOptions } from "../../engine.js";
import { abortError, CaissonError, throwIfAborted } from "../../errors.js";
import { containerPath } from "../container-path.js";
import type { DockerClient } from "../docker-client.js";
import { isOurs } from "../signal-exec.js";
import { readSockets } from "./read-sockets.js";
import { serves } from "./try-port.js";
import { shellSockets } from "./watch-in-container.js";

/** Between two looks: a look takes no request. */
const LOOK_MS = { first: 2, steady: 25 };
/** Between two tries of a published port. */
const TRY_MS = 50;
const NAME_SERVER = "127.0.0.11";

export interface ListeningContext {
  readonly client: DockerClient;
  /** Where published ports are reached. */
  readonly host: string;
  /** The container as it was at some time: where its process is still there, that is not asked for again. */
  readonly seen?: ContainerJson | undefined;
}

/** @throws CONTAINER_NOT_FOUND, CONTAINER_NOT_RUNNING, UNSUPPORTED, DAEMON_UNREACHABLE, ABORTED */
export async function waitListening(
  { client, host, seen: known }: ListeningContext,
  container: string,
  options: WaitListeningOptions,
): Promise<void> {
  const { ports, signal, observe } = options;
  throwIfAborted("waitListening", signal);
  const doing = `Looking at the sockets of container ${container}`;
  const isLocal = async ({ State, Id }: ContainerJson): Promise<boolean> => client.host.kind === "unix" && isOurs(State.Pid, Id);
  const still = known && (await isLocal(known)) ? known : undefined;
  const json = still ?? (await client.json<ContainerJson>("GET", containerPath(container, "/json"), { doing, container, signal }));
  if (!json.State.Running) throw notRunning(json.Id, json.State.Status);
  const local = still !== undefined || (await isLocal(json));
  const sources = local ? tables(json, signal) : shellSockets(client, container, signal);
  let seen: string | undefined;
  try {
    for await (const all of sources) {
      const sockets = asSeenFromOutside(all, json.HostConfig.NetworkMode);
      const now = JSON.stringify(sockets);
      if (now !== seen) observe?.(sockets);
      seen = now;
      if (ports.every((wanted) => isReachable(sockets, wanted))) return;
    }
  } catch (error) {
    if (signal?.aborted) throw abortError("waitListening", signal);
    throw error;
  }
  if (signal?.aborted) throw abortError("waitListening", signal);
  const { State: state } = await client.json<ContainerJson>("GET", containerPath(container, "/json"), { doing, container, signal });
  if (local || !state.Running) throw notRunning(json.Id, state.Running ? "restarting" : state.Status);
  await tryPorts(host, portsOf(json.NetworkSettings.Ports ?? {}), options);
}

/** The daemon's name server listens in every network of users; on the host's network nothing is out of reach. */
function asSeenFromOutside(sockets: readonly ListeningSocket[], networkMode: string | undefined): readonly ListeningSocket[] {
  const own = sockets.filter(({ address }) => address !== NAME_SERVER);
  return networkMode === "host" ? own.map((socket) => ({ ...socket, reachable: true })) : own;
}

function isReachable(sockets: readonly ListeningSocket[], wanted: WaitListeningOptions["ports"][number]): boolean {
  return sockets.some(({ port, protocol, reachable }) => reachable && port === wanted.port && protocol === wanted.protocol);
}

async function* tables({ State, Id }: ContainerJson, signal: AbortSignal | undefined): AsyncGenerator<ListeningSocket[]> {
  for (let pause = LOOK_MS.first; ; pause = Math.min(pause * 1.5, LOOK_MS.steady)) {
    const sockets = await readSockets(State.Pid);
    // The number is another process's by now, or nobody's.
    if (!sockets || !(await isOurs(State.Pid, Id))) return;
    yield sockets;
    await sleep(pause, undefined, { signal });
  }
}

/** @throws UNSUPPORTED for ports that can't be tried */
async function tryPorts(
  host: string,
  published: ReturnType<typeof portsOf>,
  { ports, signal, observe }: WaitListeningOptions,
): Promise<void> {
  const hostPorts = ports.map(({ port, protocol }) => {
    const found = published.find((each) => each.containerPort === port && each.protocol === protocol);
    if (found && protocol === "tcp") return found;
    throw new CaissonError("UNSUPPORTED", `Whether ${port}/${protocol} listens can't be told: there is no shell in the container`, {
      facts: { engine: "remote", feature: "waitListening" },
      remedy: "Publish the port, or wait for something else: a log message, or a health check.",
    });
  });
  for (const { hostPort, containerPort } of hostPorts) {
    while (!(await serves(host, hostPort))) await sleep(TRY_MS, undefined, { signal });
    observe?.([{ protocol: "tcp", address: "0.0.0.0", port: containerPort, reachable: true }]);
  }
}

function notRunning(containerId: string, status: string): CaissonError {
  return new CaissonError("CONTAINER_NOT_RUNNING", `Container ${containerId.slice(0, 12)} is not running: it is ${status}`, {
    facts: { containerId, status },
  });
}
