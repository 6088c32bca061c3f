/** Takes up what an earlier session left, and starts it where its restart policy says so. */
import path from "node:path";
import { addressOf } from "../../network/addresses.js";
import { checkRootfs } from "../container-host.js";
import type { ContainerRecord } from "../container-record.js";
import type { ContainerTable } from "../container-table.js";
import { removeScratch } from "../end-container.js";
import { isResumed, type LeftContainer } from "../restart-policy.js";
import type { Session } from "../session.js";
import type { ContainerKeeper } from "./container-keeper.js";
import type { KeptContainer } from "./kept-container.js";
import { type RestoreParts, restoreContainer, restoreProblem } from "./restore-container.js";

export interface ResumeParts {
  readonly keeper: ContainerKeeper;
  readonly table: ContainerTable;
  /** Opened where there is something to take up. */
  readonly session: () => Promise<Session>;
  readonly restoring: (session: Session) => Omit<RestoreParts, "address" | "onDisk">;
  readonly start: (id: string) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
}

/** @returns what could not be taken up or started, a line each */
export async function resumeContainers(parts: ResumeParts): Promise<readonly string[]> {
  const { keeper, table } = parts;
  const { containers, abandoned, problems } = await keeper.load();
  if (containers.length + abandoned.length === 0) return problems;
  const session = await parts.session();
  const failed = [...problems, ...(await removeAbandoned(session, abandoned))];
  const left: ContainerRecord[] = [];
  for (const container of containers) {
    try {
      left.push(await takeUp(container, session, parts));
    } catch (error) {
      failed.push(restoreProblem(container, "taken up", error));
    }
  }
  for (const { id, peer } of containers) {
    const record = table.byId(id);
    if (record && peer !== undefined) record.peer = table.byId(peer);
  }
  return [...failed, ...(await startLeft(left, parts))];
}

async function removeAbandoned(session: Session, abandoned: readonly string[]): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const scratch of abandoned) {
    const [id, name] = [path.basename(scratch), "that was removed"];
    await removeScratch(session, { name, scratch }).catch((error: unknown) => failed.push(restoreProblem({ id, name }, "removed", error)));
  }
  return failed;
}

async function takeUp(container: KeptContainer, session: Session, { keeper, table, restoring }: ResumeParts): Promise<ContainerRecord> {
  const { id, name, spec } = container;
  table.reserve(name, id);
  try {
    const { place, ...parts } = restoring(session);
    const onDisk = keeper.hasFiles(id);
    const copied = onDisk ? keeper.isCopied(container) : (place.copied ?? false);
    if (onDisk) checkRootfs(session.host, copied);
    const record = await restoreContainer(container, { ...parts, place: { ...place, copied }, address: addressOf(spec), onDisk });
    table.add(record);
    return record;
  } catch (error) {
    table.release(name);
    throw error;
  }
}

/** One that shares a network comes after the one whose it is. */
async function startLeft(left: readonly ContainerRecord[], { start, remove }: ResumeParts): Promise<readonly string[]> {
  const failed: string[] = [];
  const goOn = async (record: ContainerRecord): Promise<void> => {
    const gone = record.spec.autoRemove && record.starts > 0;
    if (!gone && !isResumed(leftContainer(record))) return;
    await (gone ? remove(record.id) : start(record.id)).catch((error: unknown) =>
      failed.push(restoreProblem(record, gone ? "removed" : "started", error)),
    );
  };
  await Promise.all(left.filter(({ peer }) => peer === undefined).map(goOn));
  await Promise.all(left.filter(({ peer }) => peer !== undefined).map(goOn));
  return failed;
}

function leftContainer({ spec, starts, stopRequested, exit, restarts }: ContainerRecord): LeftContainer {
  const { restartPolicy: policy } = spec;
  return { policy, hasRun: starts > 0, endedByUser: stopRequested, exitCode: exit?.exitCode ?? 0, restarts: restarts.count };
}
