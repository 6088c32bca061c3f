/** What daemons say when they refuse: moby's words, and Podman's, as errors of the contract. Pure. */
import { CaissonError, type ErrorCode, type ErrorFacts, optionError } from "../errors.js";
import { registryFailure } from "./images/registry-failure.js";
import type { RequestFacts } from "./request-facts.js";

interface Rule {
  readonly pattern: RegExp;
  /** @param groups of the pattern; undefined to let other rules see */
  readonly error: (groups: readonly string[], request: RequestFacts, message: string) => CaissonError | undefined;
}

function rule(pattern: RegExp, error: Rule["error"]): Rule {
  return { pattern, error };
}

function fail<C extends ErrorCode>(code: C, summary: string, facts: ErrorFacts[C], message: string, remedy?: string): CaissonError {
  return new CaissonError(code, summary, { facts, evidence: [`The daemon: ${message}`], remedy });
}

const images: readonly Rule[] = [
  rule(
    /no such image:?\s+"?([^"\s]+)|manifest for (\S+) not found|pull access denied for ([^,\s]+)|image does not exist locally with the tag: (\S+)|find a name and tag match for (\S+) in|(\S+): image not known|: no such image$|image not known/i,
    (groups, { image }, message) => {
      const reference = image ?? groups.find(Boolean) ?? "";
      return fail("IMAGE_NOT_FOUND", `There is no image ${reference}`, { reference }, message);
    },
  ),
];

const containers: readonly Rule[] = [
  rule(
    /no such container:?\s*"?([^"\s]+)|no container with (?:name or ID|ID or name) "?([^"\s:]+)|"?([^"\s:]+)"?: no such container/i,
    (groups, request, message) => {
      const named = groups.find(Boolean);
      const container = request.container ?? named ?? "";
      return fail("CONTAINER_NOT_FOUND", `No such container: ${container}`, { container }, message);
    },
  ),
  rule(/container name "\/?([^"]+)" is already in use|name "?\/?([^"\s]+?)"? (?:is )?(?:already )?in use/i, (groups, _, message) => {
    const name = groups.find(Boolean) ?? "";
    const containerId = /by (?:container )?"?([0-9a-f]{12,64})/.exec(message)?.[1] ?? "";
    return fail(
      "CONTAINER_NAME_TAKEN",
      `The name ${name} is taken`,
      { name, containerId },
      message,
      "Remove that container, or choose another name.",
    );
  }),
  rule(
    /cannot remove (?:a (?:running|paused|restarting) container|container "[^"]*": container is (?:running|paused|restarting))|container \S+ is (?:running|paused) and cannot be removed|cannot remove container .* as it is (?:running|paused)/i,
    (_, { container: id = "" }, message) =>
      fail("CONTAINER_RUNNING", `Container ${id} is running`, { containerId: id }, message, "Stop it first, or remove it with force."),
  ),
  rule(/is already paused|is paused|start a paused container|unpause the container/i, (_, { container: id = "" }, message) =>
    fail("CONTAINER_PAUSED", `Container ${id} is paused`, { containerId: id }, message, "Unpause it first."),
  ),
  rule(/is not paused/i, (_, { container: id = "" }, message) =>
    fail("CONTAINER_NOT_PAUSED", `Container ${id} is not paused`, { containerId: id, status: "" }, message),
  ),
  rule(/is restarting, wait/i, (_, { container: id = "" }, message) =>
    fail("CONTAINER_NOT_RUNNING", `Container ${id} is not running`, { containerId: id, status: "restarting" }, message),
  ),
  rule(
    /is not running|can only (?:kill|pause|create exec sessions on|top|attach to|stop) running containers|container state improper/i,
    (_, { container = "" }, message) => {
      // It may be another one, whose namespaces were asked for.
      const id = /container ([0-9a-f]{64}) is not running/i.exec(message)?.[1] ?? container;
      return fail("CONTAINER_NOT_RUNNING", `Container ${id} is not running`, { containerId: id, status: "" }, message);
    },
  ),
];

const paths: readonly Rule[] = [
  rule(
    /could not find the file (\S+) in container|bind source path does not exist: (.+)$|stat (\S+): no such file or directory$/i,
    (groups, request, message) => {
      if (request.copy === undefined && !/bind source path/i.test(message)) return undefined;
      const path = request.copy ?? groups.find(Boolean) ?? "";
      return fail("PATH_NOT_FOUND", `${path}: no such file or directory`, { path }, message);
    },
  ),
];

/** Of what was there when the container was created: runc's words. */
const sources: readonly Rule[] = [
  rule(/error mounting "([^"]+)" to rootfs at "[^"]*": stat [^:]+: no such file or directory/i, ([source = ""], _, message) =>
    fail("PATH_NOT_FOUND", `${source}: no such file or directory`, { path: source }, message),
  ),
];

const ports: readonly Rule[] = [
  // dockerd does not say which.
  rule(/all ports are allocated/i, (_, __, message) =>
    fail(
      "PORT_IN_USE",
      "Every host port of the range is in use",
      { hostIp: "", hostPort: 0 },
      message,
      "Leave the host port out to get a free one, or stop what uses them.",
    ),
  ),
  rule(/port is already allocated|address already in use/i, (_, __, message) => {
    if (!/bind|listen|proxy|port/i.test(message)) return undefined;
    const [, hostIp = "", hostPort = "0"] = /(?:for|tcp4?6?|udp4?6?|listen \w+) (\[?[\d.:a-f]*\]?):(\d+)/i.exec(message) ?? [];
    return fail(
      "PORT_IN_USE",
      `Host port ${hostPort} is in use`,
      { hostIp, hostPort: Number(hostPort) },
      message,
      "Leave the host port out to get a free one, or stop what uses it.",
    );
  }),
];

const networks: readonly Rule[] = [
  rule(/network with name (\S+) already exists|network name (\S+) already used/i, (groups, _, message) => {
    const name = groups.find(Boolean) ?? "";
    return fail("NETWORK_NAME_TAKEN", `There is a network ${name} already`, { name }, message, "Remove it, or choose another name.");
  }),
  // A removal by force looks for the container among those of the network alone.
  rule(/^endpoint (\S+) not found$/i, (groups, { container = groups[0] ?? "" }, message) =>
    fail("CONTAINER_NOT_FOUND", `No such container: ${container}`, { container }, message),
  ),
  rule(
    /no such network: (\S+)|network (\S+) not found|unable to find network with name or ID (\S+?):|(\S+): network not found|^network not found/i,
    (groups, request, message) => {
      const network = request.network ?? groups.find(Boolean) ?? "";
      return fail("NETWORK_NOT_FOUND", `No such network: ${network}`, { network }, message);
    },
  ),
  rule(/has active endpoints|network is being used|has associated containers/i, (_, { network = "" }, message) =>
    fail(
      "NETWORK_IN_USE",
      `Network ${network} is in use`,
      { network, containers: [] },
      message,
      "Stop or disconnect its containers first.",
    ),
  ),
  rule(/already exists in network|is already connected to network/i, (_, { network = "", container = "" }, message) =>
    fail(
      "NETWORK_ALREADY_CONNECTED",
      `Container ${container} is on network ${network} already`,
      { network, containerId: container },
      message,
    ),
  ),
  rule(/is not connected to (?:the )?network/i, (_, { network = "", container = "" }, message) =>
    fail("NETWORK_NOT_CONNECTED", `Container ${container} is not on network ${network}`, { network, containerId: container }, message),
  ),
  rule(/no available (?:IPv4|IPv6|IP) addresses|no free IP|range is full|could not find free IP/i, (_, { network = "" }, message) =>
    fail("NETWORK_FULL", "The network has no address left", { network, subnet: "" }, message),
  ),
  rule(/address already in use|requested ip address \S+ is already allocated/i, (_, { network = "" }, message) =>
    fail("NETWORK_ADDRESS_TAKEN", "The address is taken on its network", { network, address: "" }, message),
  ),
];

const volumes: readonly Rule[] = [
  rule(
    /get (\S+): no such volume|no such volume:? "?([^"\s]+)|no volume with name "?([^"\s]+)|volume "?([^"\s]+?)"? does not exist|volume with name (\S+) not found/i,
    (groups, request, message) => {
      const volume = request.volume ?? groups.find(Boolean) ?? "";
      return fail("VOLUME_NOT_FOUND", `No such volume: ${volume}`, { volume }, message);
    },
  ),
  rule(/volume is (?:in use|being used)|volume \S+ is being used/i, (_, { volume = "" }, message) =>
    fail("VOLUME_IN_USE", `Volume ${volume} is in use`, { volume, containers: [] }, message, "Remove the containers first."),
  ),
];

const options: readonly Rule[] = [
  // With a capital where it is about the groups to be added, without one where it is about the user's.
  rule(/Unable to find group ([^\s:"]+)/, (groups) =>
    optionError("groupAdd", groups[0], "a number, or a group that the container's own files name"),
  ),
  rule(/invalid value (\S+) for cpuset (cpus|mems)/i, ([wanted, kind = ""]) =>
    optionError(`resources.${/cpu/i.test(kind) ? "cpusetCpus" : "cpusetMems"}`, wanted, "a list such as 0-2,4 of what the host has"),
  ),
  rule(/path (\S+) is mounted on (\S+) but it is not a (shared(?: or slave)?) mount/i, ([source = "", place = "", kind]) =>
    optionError("mounts.propagation", kind, `private for ${source}: it is mounted on ${place}, which is not shared`),
  ),
  rule(/non-shareable IPC/i, (_, __, message) => optionError("ipcMode", message, "a container whose `ipcMode` is `shareable`")),
  rule(
    /gathering device information while adding custom device "([^"]+)"|(\S+) is not a valid device|container create: stat (\S+): no such/i,
    (groups) => optionError("devices.hostPath", groups.find(Boolean), "a device of the daemon's host, or a directory that holds some"),
  ),
  rule(/requested (CPUs|memory nodes) are not available - requested (\S+), available: ([^\s.]+)/i, ([kind = "", wanted, available = ""]) =>
    optionError(`resources.${/cpu/i.test(kind) ? "cpusetCpus" : "cpusetMems"}`, wanted, "a list such as 0-2,4 of what the host has", [
      available,
    ]),
  ),
  rule(/unable to find user ([^\s:]+)|unable to find group ([^\s:]+)/i, (groups) =>
    optionError("user", groups.find(Boolean), "a user and group that the container's own files name"),
  ),
  rule(
    /invalid (?:subnet|network address|CIDR(?: address)?:?)|failed to parse pool request|subnet .* is invalid/i,
    (_, { network = "" }, message) => optionError("subnets.subnet", message, `subnets that the daemon takes for network ${network}`),
  ),
  rule(/(?:unknown|invalid) capability:? "?(\w+)"?|unsupported capability (\w+)|"(\w+)": unknown capability/i, (groups) =>
    optionError("capAdd", groups.find(Boolean), "a capability"),
  ),
  rule(
    /sysctl "?([\w.]+)"? is not in a separate kernel namespace|sysctl '?([\w.]+)'? is not whitelisted|invalid sysctl "?([\w.]+)/i,
    (groups) => optionError("sysctls", groups.find(Boolean), "a kernel parameter of the container's own namespaces"),
  ),
];

const disks: readonly Rule[] = [
  rule(/no space left on device|disk quota exceeded/i, (_, { doing, copy }, message) => {
    const path = copy ?? /(?:write|mkdir|open|create) (\/[^\s:]+)/i.exec(message)?.[1] ?? "";
    const remedy = "Make room at the daemon: `docker system prune`, or a larger disk for its data root.";
    return fail("DISK_FULL", `${doing}: the daemon's disk is full`, { path }, message, remedy);
  }),
];

const RULES: readonly Rule[] = [...disks, ...images, ...containers, ...paths, ...sources, ...ports, ...networks, ...volumes, ...options];

export function knownFailure(message: string, request: RequestFacts): CaissonError | undefined {
  const first = commandFailure(message) ?? (request.registry && registryFailure(message, request.registry));
  if (first) return first;
  for (const { pattern, error } of RULES) {
    const match = pattern.exec(message);
    const found =
      match &&
      error(
        match.slice(1).map((group) => group ?? ""),
        request,
        message,
      );
    if (found) return found;
  }
  return undefined;
}

/** The OCI runtime's words for a command that can't be executed: runc's and crun's. */
export function commandFailure(message: string): CaissonError | undefined {
  const evidence = [`The daemon: ${message}`];
  const missing =
    /exec: "([^"]+)": (?:executable file not found|stat \S+: no such file or directory)/i.exec(message) ??
    /executable file [`'"]?([^`'"\s]+)[`'"]? not found/i.exec(message) ??
    /exec: "([^"]+)": .*no such file or directory/i.exec(message);
  if (missing?.[1] !== undefined) {
    const command = missing[1];
    return new CaissonError("COMMAND_NOT_FOUND", `There is no command ${command}`, { facts: { command, exitCode: 127 }, evidence });
  }
  const refused =
    /exec: "([^"]+)": (permission denied|is a directory|exec format error)/i.exec(message) ??
    /open executable: (permission denied)/i.exec(message);
  if (!refused) return undefined;
  const [, command = "", reason = command] = refused;
  const errno = /format/i.test(reason) ? "ENOEXEC" : "EACCES";
  return new CaissonError("COMMAND_NOT_EXECUTABLE", `The command ${command} can't be executed: ${reason}`, {
    facts: { command, exitCode: 126, errno },
    evidence,
  });
}
