/** The daemon's containers: the contract's ContainerService over the Docker Engine API. */
import { createBody, endpointBody, resourcesBody, restartPolicyBody } from "../docker-api/container-create.js";
import { type ContainerJson, statusOf } from "../docker-api/container-json.js";
import { pruneFilters } from "../docker-api/filters-json.js";
import type { NetworkJson } from "../docker-api/network-json.js";
import type {
  ContainerExit,
  ContainerPruneResult,
  ContainerService,
  ContainerSpec,
  EnforcedLimits,
  ImageService,
  MountSpec,
  PruneFilters,
  RemoveOptions,
  StopOptions,
  TerminalSize,
  UpdateOptions,
  WaitOptions,
} from "../engine.js";
import { CaissonError, isCaissonError, optionError, throwIfAborted, UnsupportedError } from "../errors.js";
import { checkName } from "../spec/container-names.js";
import { requireEnforced } from "../spec/enforced-limits.js";
import { signalNumber } from "../spec/signals.js";
import { requireUpdatable } from "../spec/validate-limits.js";
import { validateEndpoint } from "../spec/validate-network.js";
import { validateSpec } from "../spec/validate-spec.js";
import { ANNOTATIONS_API } from "./annotations.js";
import type { ContainerContext } from "./container-context.js";
import { containerPath } from "./container-path.js";
import { RemoteContainerViews } from "./container-views.js";
import type { DockerClient } from "./docker-client.js";
import { checkEndpointAddress } from "./endpoint-address.js";
import type { EventStream } from "./event-stream.js";
import { hostGateway, withHostNames } from "./host-names.js";
import { killFirst } from "./kill-first.js";
import type { RemoteSession } from "./lifetime/remote-session.js";
import { withSwap } from "./update-swap.js";
import { checkVolumeSubpaths, VOLUME_SUBPATHS_API } from "./volume-subpaths.js";
import { waitExit } from "./wait-exit.js";

export interface RemoteContainersOptions {
  readonly client: DockerClient;
  readonly session: RemoteSession;
  readonly events: EventStream;
  /** Where published ports are reached. */
  readonly host: string;
  readonly images: Pick<ImageService, "inspect">;
  /** That the daemon enforces. */
  readonly limits: EnforcedLimits;
  /** The daemon's, which may be told to have none. */
  readonly defaultNetwork: NetworkJson | undefined;
}

interface CreatedJson {
  readonly Id: string;
  readonly Warnings?: readonly string[] | null;
}

/** Podman (4.3) knows less of the API than its version says; a container that is not there is another error. */
const NO_SUCH_PATH = 404;

/** Docker's default. */
const STOP_TIMEOUT_MS = 10_000;

/** What the API can't be told in milliseconds. */
const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : Math.ceil(ms / 1000));

export class RemoteContainers extends RemoteContainerViews implements ContainerService {
  protected readonly context: ContainerContext;
  readonly #client: DockerClient;
  readonly #session: RemoteSession;
  readonly #host: string;
  readonly #limits: EnforcedLimits;
  readonly #defaultNetwork: NetworkJson | undefined;

  constructor({ client, session, events, host, images, limits, defaultNetwork }: RemoteContainersOptions) {
    super();
    this.#client = client;
    this.#session = session;
    this.#host = host;
    this.#limits = limits;
    this.#defaultNetwork = defaultNetwork;
    this.context = { client, events, images, host };
  }

  async create(spec: ContainerSpec): Promise<{ readonly id: string; readonly warnings: readonly string[] }> {
    validateSpec(spec);
    if (spec.name !== undefined) checkName(spec.name);
    requireEnforced("remote", spec.resources ?? {}, this.#limits);
    checkVolumeSubpaths(spec.mounts ?? [], this.#client.speaks(VOLUME_SUBPATHS_API));
    if (spec.annotations && !this.#client.speaks(ANNOTATIONS_API))
      throw new UnsupportedError("remote", "annotations", `the daemon has none before API ${ANNOTATIONS_API}`);
    if (this.#client.podman && spec.publish?.some(({ hostPortEnd }) => hostPortEnd !== undefined))
      throw new UnsupportedError("remote", "hostPortEnd", "Podman's service takes no range of host ports for one port");
    if ((spec.exposedHostPorts ?? []).length > 0) throw new UnsupportedError("remote", "exposedHostPorts", "the daemon has no way to them");
    const { networkMode, ipcMode, pidMode } = spec;
    const networks = Object.entries(spec.networks ?? {});
    for (const [, endpoint] of networks) validateEndpoint(endpoint);
    // The daemon would find out at the start only.
    const peers = [networkMode, ipcMode, pidMode].flatMap((mode) => /^container:(.+)$/.exec(mode ?? "")?.[1] ?? []);
    const places = Promise.all(
      networks.map(async ([network, endpoint]) => {
        const place = await this.#network(network);
        checkEndpointAddress(place, endpoint);
        return place;
      }),
    );
    await Promise.all([places, ...peers.map((peer) => this.json(peer))]);
    const joined = this.#client.speaks("1.44") ? networks : networks.slice(0, 1);
    // Only this machine is to reach what is published on it, as long as nobody says otherwise.
    const hostIp = this.#host === "localhost" ? "127.0.0.1" : undefined;
    const publish = spec.publish?.map((binding) => ({ ...binding, hostIp: binding.hostIp ?? hostIp }));
    const outward = this.#defaultNetwork === undefined ? [] : networks.length === 0 ? [this.#defaultNetwork] : await places;
    // Podman (4.3) would give it no time at all.
    const stopTimeoutMs = spec.stopTimeoutMs ?? (this.#client.podman ? STOP_TIMEOUT_MS : undefined);
    const mounts = this.#client.podman ? spec.mounts?.map(withoutImageFiles) : spec.mounts;
    const extraHosts = withHostNames(spec, hostGateway(this.#client, outward));
    const { Id: id, Warnings: warnings } = await this.#session.creating(spec.labels, (labels) =>
      this.#client.json<CreatedJson>("POST", "/containers/create", {
        doing: `Creating a container of ${spec.image}`,
        image: spec.image,
        query: { name: spec.name, platform: this.#client.speaks("1.41") ? spec.platform : undefined },
        json: createBody({ ...spec, labels, mounts, publish, extraHosts, stopTimeoutMs }, joined),
      }),
    );
    try {
      for (const [network, endpoint] of networks.slice(joined.length)) {
        await this.#client.status("POST", `/networks/${encodeURIComponent(network)}/connect`, {
          doing: `Connecting container ${id} to network ${network}`,
          container: id,
          network,
          json: { Container: id, EndpointConfig: endpointBody(endpoint) },
        });
      }
    } catch (error) {
      await this.remove(id, { force: true }).catch(() => {});
      throw error;
    }
    this.terminals.set(id, spec.tty ?? false);
    return { id, warnings: warnings ?? [] };
  }

  async start(container: string, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    throwIfAborted("start", signal);
    try {
      await this.#unlessPaused(container, this.#post(container, "start", "Starting"));
    } catch (error) {
      if (!isCaissonError(error, "DAEMON_ERROR")) throw error;
      throw new CaissonError("START_FAILED", `Could not start container ${container}`, {
        facts: { containerId: container, step: "start" },
        evidence: error.evidence,
        cause: error,
      });
    }
    if (!signal?.aborted) return;
    await this.stop(container, { timeoutMs: 0 });
    throwIfAborted("start", signal);
  }

  async stop(container: string, { timeoutMs, signal }: StopOptions = {}): Promise<void> {
    if (signal !== undefined) signalNumber(signal);
    // In the middle of a second the daemon would round down, to none.
    await this.#post(container, "stop", "Stopping", { t: seconds(timeoutMs), signal: this.#client.speaks("1.42") ? signal : undefined });
  }

  async kill(container: string, signal: string | number = "SIGKILL"): Promise<void> {
    const number = signalNumber(signal);
    await this.told(container, this.#post(container, "kill", "Killing", { signal: number }));
  }

  async restart(container: string, { timeoutMs, signal }: StopOptions = {}): Promise<void> {
    await this.#post(container, "restart", "Restarting", {
      t: seconds(timeoutMs),
      signal: this.#client.speaks("1.42") ? signal : undefined,
    });
  }

  async pause(container: string): Promise<void> {
    await this.told(container, this.#post(container, "pause", "Pausing"));
  }

  async unpause(container: string): Promise<void> {
    await this.told(container, this.#post(container, "unpause", "Unpausing"));
  }

  async rename(container: string, name: string): Promise<void> {
    await this.#post(container, "rename", "Renaming", { name: checkName(name) });
  }

  async update(container: string, options: UpdateOptions): Promise<void> {
    const { resources = {}, restartPolicy } = options;
    for (const name of Object.keys(options)) {
      if (name !== "resources" && name !== "restartPolicy")
        throw optionError(name, Reflect.get(options, name), "absent: only these can be updated", ["resources", "restartPolicy"]);
    }
    requireUpdatable(resources);
    validateSpec({ image: container, resources, restartPolicy });
    requireEnforced("remote", resources, this.#limits);
    const doing = `Updating container ${container}`;
    const { HostConfig: before = {} } = await this.json(container);
    try {
      const json = { ...resourcesBody(withSwap(resources, before)), RestartPolicy: restartPolicy && restartPolicyBody(restartPolicy) };
      await this.#client.json("POST", containerPath(container, "/update"), { doing, container, json });
    } catch (error) {
      if (!isCaissonError(error, "DAEMON_ERROR")) throw error;
      if (error.facts.status === NO_SUCH_PATH) throw new UnsupportedError("remote", "update", "the daemon does not know that request");
      throw new CaissonError("UPDATE_FAILED", `The limits of container ${container} could not be changed`, {
        facts: { containerId: container, file: "", value: JSON.stringify(resources) },
        evidence: error.evidence,
        cause: error,
      });
    }
  }

  wait(container: string, options: WaitOptions = {}): Promise<ContainerExit> {
    return waitExit(this.#client, container, options);
  }

  async remove(container: string, { force = false, volumes = true }: RemoveOptions = {}): Promise<void> {
    if (force) await killFirst(this.#client, container);
    await this.#client.status("DELETE", containerPath(container), {
      doing: `Removing container ${container}`,
      container,
      query: { force, v: volumes },
    });
    this.terminals.delete(container);
    this.seen.delete(container);
  }

  async prune({ filters = {} }: { readonly filters?: PruneFilters | undefined } = {}): Promise<ContainerPruneResult> {
    const pruned = await this.#client.json<{ ContainersDeleted?: readonly string[] | null; SpaceReclaimed?: number }>(
      "POST",
      "/containers/prune",
      { doing: "Removing containers that do not run", query: { filters: pruneFilters(filters) } },
    );
    return { containers: pruned.ContainersDeleted ?? [], bytes: pruned.SpaceReclaimed ?? 0 };
  }

  protected async told<T>(container: string, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const unknown = isCaissonError(error, "CONTAINER_NOT_RUNNING") || isCaissonError(error, "CONTAINER_NOT_PAUSED");
      if (!unknown || error.facts.status !== "") throw error;
      const json = await this.json(container);
      const { State, Id: containerId } = json;
      if (isCaissonError(error, "CONTAINER_NOT_RUNNING")) throwPaused(json, error);
      const facts = { containerId, status: statusOf(State.Status) };
      const { evidence, cause } = error;
      if (isCaissonError(error, "CONTAINER_NOT_PAUSED") && State.Running)
        throw new CaissonError("CONTAINER_NOT_PAUSED", error.summary, { facts, evidence, cause });
      throw new CaissonError("CONTAINER_NOT_RUNNING", `Container ${container} is not running: it is ${facts.status}`, {
        facts,
        evidence,
        cause,
      });
    }
  }

  /** Podman has one word for every state that doesn't allow what was asked for. */
  async #unlessPaused<T>(container: string, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (isCaissonError(error, "CONTAINER_NOT_RUNNING") && error.facts.status === "") throwPaused(await this.json(container), error);
      throw error;
    }
  }

  async #post(
    container: string,
    action: string,
    doing: string,
    query: Readonly<Record<string, string | number | undefined>> = {},
  ): Promise<void> {
    await this.#client.status("POST", containerPath(container, `/${action}`), {
      doing: `${doing} container ${container}`,
      container,
      query,
    });
  }

  async resize(container: string, { rows, columns }: TerminalSize): Promise<void> {
    await this.told(container, this.#post(container, "resize", "Resizing the terminal of", { h: rows, w: columns }));
  }

  /** @throws NETWORK_NOT_FOUND */
  #network(network: string): Promise<NetworkJson> {
    return this.#client.json<NetworkJson>("GET", `/networks/${encodeURIComponent(network)}`, {
      doing: `Looking for network ${network}`,
      network,
    });
  }
}

/** Podman fills memory with what the image has at its target, unless told not to. */
function withoutImageFiles(mount: MountSpec): MountSpec {
  return mount.type === "tmpfs" ? { ...mount, options: [...(mount.options ?? []), "notmpcopyup"] } : mount;
}

function throwPaused({ State, Id: containerId }: ContainerJson, { evidence, cause }: CaissonError): void {
  if (statusOf(State.Status) !== "paused") return;
  throw new CaissonError("CONTAINER_PAUSED", `Container ${containerId} is paused`, {
    facts: { containerId },
    evidence,
    cause,
    remedy: "Unpause it first.",
  });
}
