/** A container from its file, as it was: with its names, mounts, addresses, and the end of its last run. */
import type { ContainerExit, ImageInspect } from "../../../engine.js";
import { isCaissonError } from "../../../errors.js";
import type { ResolvedImage } from "../../images/image-store.js";
import type { ContainerAddress } from "../../network/addresses.js";
import type { VolumeStore } from "../../volumes/volume-store.js";
import type { ContainerMount } from "../container-mount.js";
import { type ContainerPlace, ContainerRecord } from "../container-record.js";
import { releaseEndpoint, reserveEndpoint } from "../networks/endpoints.js";
import type { NetworkTable } from "../networks/network-table.js";
import type { KeptContainer, KeptMount } from "./kept-container.js";

export interface RestoreParts {
  readonly resolved: (image: ImageInspect) => Promise<ResolvedImage>;
  readonly volumes: VolumeStore;
  readonly networks: NetworkTable;
  readonly place: ContainerPlace;
  readonly address: ContainerAddress | undefined;
  readonly onDisk: boolean;
}

/** Of one that was running when its engine was killed: its supervisor has killed it. */
const KILLED: ContainerExit = { exitCode: 137, signal: "SIGKILL", oomKilled: false };

/** @throws STORE_UNWRITABLE, DISK_FULL, NETWORK_ADDRESS_TAKEN, and what the volumes' store throws */
export async function restoreContainer(kept: KeptContainer, parts: RestoreParts): Promise<ContainerRecord> {
  const { id, name, spec } = kept;
  const { volumes, networks, place, address } = parts;
  const image = await parts.resolved(dated(kept.image));
  const record = new ContainerRecord(id, name, spec, image, address, place, new Date(kept.created));
  record.onDisk = parts.onDisk;
  record.process = kept.process;
  record.starts = kept.starts;
  record.stopRequested = kept.endedByUser;
  record.restarts = { count: kept.restarts, delayMs: 0 };
  if (kept.starts > 0) markEnded(record, kept);
  try {
    for (const mount of kept.mounts) record.mounts.push(await restoreMount(mount, volumes, parts.resolved));
    for (const { network, spec: wanted, ipv4Address, ipv6Address, index } of kept.endpoints) {
      const found = networks.find(network);
      // Networks are removed under containers that do not run.
      if (found) reserveEndpoint(found, record, { ...wanted, ipv4Address, ipv6Address }, { index, spec: wanted });
    }
  } catch (error) {
    for (const endpoint of record.endpoints.values()) releaseEndpoint(record, endpoint);
    for (const mount of record.mounts) if (mount.type === "volume") await volumes.release(mount.volume.name);
    throw error;
  }
  return record;
}

function markEnded(record: ContainerRecord, { running, exit, startedAt, finishedAt }: KeptContainer): void {
  record.status = "exited";
  record.exit = running ? KILLED : exit;
  record.startedAt = startedAt === undefined ? undefined : new Date(startedAt);
  record.finishedAt = running || finishedAt === undefined ? new Date() : new Date(finishedAt);
  record.firstStart.resolve();
}

async function restoreMount(mount: KeptMount, volumes: VolumeStore, resolved: RestoreParts["resolved"]): Promise<ContainerMount> {
  if (mount.type === "image") return { ...mount, image: await resolved(dated(mount.image)) };
  if (mount.type !== "volume") return mount;
  const { volume: name, anonymous, ...rest } = mount;
  const { volume } = await volumes.acquire({ name, anonymous });
  return { ...rest, volume };
}

/** JSON has no dates. */
function dated(image: ImageInspect): ImageInspect {
  const history = image.history.map(({ created, ...entry }) => (created === undefined ? entry : { ...entry, created: new Date(created) }));
  return { ...image, created: new Date(image.created), history };
}

/** What keeps a container from being taken up, a line. */
export function restoreProblem(
  { id, name }: Pick<KeptContainer, "id" | "name">,
  doing: "taken up" | "started" | "removed",
  error: unknown,
): string {
  const code = isCaissonError(error) ? ` (${error.code})` : "";
  return `Container ${name} (${id.slice(0, 12)}) can't be ${doing}: ${(error as Error).message}${code}`;
}
