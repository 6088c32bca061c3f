/** One start of a container: ports first, then the launch, then what belongs to a running container. */
import type { PublishedPort } from "../../engine.js";
import { addressBytes } from "../../spec/address-bytes.js";
import { NAME_SERVER_PORT } from "../network/addresses.js";
import { nameRedirectChain } from "../network/name-redirect.js";
import type { HostDevices } from "../runtime/plan-devices.js";
import { type LaunchNetwork, type LaunchPlan, type NameServerPlace, type Peers, planLaunch } from "../runtime/plan-launch.js";
import { type FieldWriter, writePlan } from "../supervisor/codec.js";
import { Message, Phase, StdinMode, Tag } from "../supervisor/protocol.js";
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";
import { hostOf } from "./container-host.js";
import type { ContainerRecord } from "./container-record.js";
import { Deferred } from "./deferred.js";
import { readHostDevices } from "./host-devices.js";
import { hostFailure, tellHost } from "./host-failure.js";
import { whereAvailable } from "./kernel-feature.js";
import { mountsOf } from "./mount-plan.js";
import { launchNetwork } from "./networks/launch-network.js";
import { commandFailure, failedOperation, mountFailure } from "./plan-failure.js";
import { publishPorts, unpublishPorts } from "./published-ports.js";
import type { Session } from "./session.js";
import { updateNetworkUplink, withUplink, writeUplink } from "./uplink/uplink-requests.js";
import { containerScope } from "./uplink/uplink-scope.js";
import { readUsers } from "./user-files.js";

/** @default of `logMaxBytes`: 64 MiB */
const LOG_MAX_BYTES = 64 << 20;
/** Of what a container can do without: it is launched again. */
const DISPENSABLE: readonly number[] = [Phase.UPLINK, Phase.NAMES];
const NO_PEERS: Peers = { ipc: undefined, pid: undefined };

/** How often a container that gives its volumes may end while another one starts with them. */
const SHARING_TRIES = 5;

/** @throws COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, START_FAILED, PORT_IN_USE, PATH_NOT_FOUND, DISK_FULL, UNSUPPORTED, OPTION_INVALID */
export async function launchContainer(
  session: Session,
  record: ContainerRecord,
  peers: Peers = NO_PEERS,
): Promise<{ readonly warnings: readonly string[] }> {
  record.users = await tellHost(session, record.id, () => readUsers(session, record));
  const devices = await readHostDevices(record.spec);
  for (const { network } of record.endpoints.values()) await updateNetworkUplink(session, network);
  const scope = containerScope(record, session.host);
  return withUplink(session, record.spec.exposedHostPorts ?? [], (uplink) =>
    whereAvailable(session.nameRedirect, Phase.NAMES, (redirect) =>
      launch(session, record, () => launchNetwork(record, uplink ? scope : undefined, redirect), devices, peers),
    ),
  );
}

async function launch(
  session: Session,
  record: ContainerRecord,
  planNetwork: () => LaunchNetwork,
  devices: HostDevices,
  peers: Peers,
  tries = SHARING_TRIES,
): Promise<{ readonly warnings: readonly string[] }> {
  const network = planNetwork();
  const plan = planLaunch({
    id: record.id,
    spec: record.spec,
    image: record.image.inspect.config,
    layers: record.image.layerDirectories,
    directories: { scratch: record.scratch, mountpoint: session.mountpoint },
    durable: record.durable,
    start: record.starts + 1,
    users: record.users!,
    host: hostOf(session.host, record),
    session: session.cgroups,
    network,
    additions: record.additions,
    peers,
    devices,
    ...mountsOf(record),
  });
  const ports = await publishPorts(session, record);
  record.starts++;
  record.starting = true;
  record.refusedHostPorts.clear();
  record.onDisk = true;
  try {
    const reply = await session.supervisor.request(Message.LAUNCH, (writer) => writeLaunch(writer, record, network, plan, peers));
    markRunning(record, reply.u64(Tag.PID) ?? 0, ports, plan);
    return { warnings: plan.warnings };
  } catch (error) {
    await unpublishPorts(session, record);
    if (!(error instanceof SupervisorFailure) || DISPENSABLE.includes(error.phase)) throw error;
    const operation = failedOperation(error, plan.prepare, plan.plan);
    // The container that it was to take a volume from has just ended: there may be another one, or none that has it.
    if (operation?.op === "OPEN_TREE_OF" && error.code === "ESRCH" && tries > 0)
      return launch(session, record, planNetwork, devices, peers, tries - 1);
    throw commandFailure(error, operation) ?? mountFailure(error, operation) ?? (await hostFailure(session, record.id, error, operation));
  } finally {
    record.starting = false;
  }
}

function writeLaunch(
  writer: FieldWriter,
  record: ContainerRecord,
  { nameServer, uplink }: LaunchNetwork,
  plan: LaunchPlan,
  peers: Peers,
): void {
  const { spec } = record;
  writer.text(Tag.ID, record.id).u64(Tag.CLONE_FLAGS, plan.cloneFlags).text(Tag.SCRATCH, record.scratch);
  if (plan.cgroup) writer.text(Tag.CGROUP, plan.cgroup);
  for (const directory of plan.cgroupDirectories) writer.text(Tag.CGROUP_DIR, directory);
  if (peers.pid !== undefined) writer.text(Tag.PID_OF, peers.pid);
  if (plan.oomFile) writer.text(Tag.OOM_FILE, plan.oomFile);
  writer.text(Tag.LOG, record.logPath).u64(Tag.LOG_MAX, spec.logMaxBytes ?? LOG_MAX_BYTES);
  writer.u64(Tag.STDIN, spec.openStdin ? StdinMode.PIPE : StdinMode.NULL);
  if (nameServer) writer.nested(Tag.NAMES, (nested) => writeNames(nested, nameServer));
  if (uplink) writeUplink(writer, uplink);
  if (spec.tty) writer.u64(Tag.TTY, 1);
  writer.nested(Tag.PREPARE, (nested) => writePlan(nested, plan.prepare));
  writer.nested(Tag.PLAN, (nested) => writePlan(nested, plan.plan));
}

function writeNames(writer: FieldWriter, { address, port }: NameServerPlace): void {
  writer.bytes(Tag.ADDRESS, addressBytes(address)).u64(Tag.PORT, port);
  if (port !== NAME_SERVER_PORT) writer.bytes(Tag.DATA, nameRedirectChain());
}

function markRunning(record: ContainerRecord, pid: number, ports: readonly PublishedPort[], plan: LaunchPlan): void {
  record.status = "running";
  record.pid = pid;
  record.ports = ports;
  record.cgroup = plan.cgroup;
  record.cgroups = plan.cgroups;
  record.join = plan.join;
  record.startedAt = new Date();
  record.finishedAt = undefined;
  record.exit = undefined;
  record.firstStart.resolve();
  const { nextStart } = record;
  record.nextStart = new Deferred();
  nextStart.resolve();
}
