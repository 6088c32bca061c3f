/** New limits and another restart policy for a container, whether it runs or not. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ResourceLimits, UpdateOptions } from "../../engine.js";
import { CaissonError, optionError } from "../../errors.js";
import { requireUpdatable } from "../../spec/validate-limits.js";
import { validateSpec } from "../../spec/validate-spec.js";
import { checkLimits } from "../runtime/cgroup-limits.js";
import { type ContainerCgroups, planContainerCgroups } from "../runtime/cgroups.js";
import type { Plan } from "../supervisor/codec.js";
import { cgroupProcesses } from "./cgroup-processes.js";
import type { ContainerRecord } from "./container-record.js";
import { readLimitedDisks } from "./limited-disks.js";
import type { Session } from "./session.js";
import { unreclaimableMemory } from "./stats/parse-stats.js";

/** All of it, or nothing. @throws OPTION_INVALID, UNSUPPORTED, UPDATE_FAILED */
export async function updateContainer(session: Session, record: ContainerRecord, options: UpdateOptions): Promise<void> {
  for (const name of Object.keys(options)) {
    if (name !== "resources" && name !== "restartPolicy")
      throw optionError(name, Reflect.get(options, name), "absent: only these can be updated", ["resources", "restartPolicy"]);
  }
  const resources = mergeLimits(record.spec.resources ?? {}, options.resources ?? {});
  const spec = { ...record.spec, resources, restartPolicy: options.restartPolicy ?? record.spec.restartPolicy };
  requireUpdatable(options.resources ?? {});
  validateSpec({ image: spec.image, resources, restartPolicy: spec.restartPolicy, autoRemove: spec.autoRemove });
  checkLimits(resources, session.host);
  if (record.running && record.cgroups && options.resources) await applyLimits(session, record, record.cgroups, resources);
  record.spec = { ...spec, resources: withoutUnlimited(resources) };
}

/** As if there never had been one: what is not limited has no entry. */
function withoutUnlimited({ pids, ...rest }: ResourceLimits): ResourceLimits {
  return pids === undefined || pids === -1 ? rest : { ...rest, pids };
}

/** CPU time is said in one of two ways: the new one replaces the other. */
function mergeLimits(old: ResourceLimits, wanted: ResourceLimits): ResourceLimits {
  const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)) as ResourceLimits;
  const { cpus, cpuQuotaUs, cpuPeriodUs, ...rest } = old;
  const kept =
    given.cpus !== undefined
      ? {}
      : given.cpuQuotaUs !== undefined || given.cpuPeriodUs !== undefined
        ? { cpuQuotaUs, cpuPeriodUs }
        : { cpus, cpuQuotaUs, cpuPeriodUs };
  return { ...rest, ...kept, ...given };
}

async function applyLimits(session: Session, record: ContainerRecord, cgroups: ContainerCgroups, limits: ResourceLimits): Promise<void> {
  const name = path.basename(cgroups.directories[0] ?? "");
  const disks = await readLimitedDisks(limits);
  const plan = planContainerCgroups({ session: session.cgroups, host: session.host, name, limits, devices: undefined, disks });
  for (const { op, path: directory } of plan.prepare) if (op === "HOST_MKDIR" && directory) await mkdir(directory, { recursive: true });
  await writeAll(record, plan.prepare);
  const joined = new Set(record.join.map(({ path: file }) => file));
  // Of v1 it had no cgroup for what was not limited: its processes move there.
  for (const { path: file } of plan.join) if (file && !joined.has(file)) await moveProcesses(cgroups, file);
  record.join = plan.join;
}

interface Write {
  readonly file: string;
  readonly data: string;
  readonly optional: boolean;
}

/** Undone where one fails. */
async function writeAll(record: ContainerRecord, plan: Plan): Promise<void> {
  const writes = plan.flatMap(({ op, path: file, data, optional = false }): Write[] =>
    op === "HOST_WRITE" && file !== undefined && typeof data === "string" ? [{ file, data, optional }] : [],
  );
  const over = await exceeded(writes);
  if (over) throw refused(record, over, Object.assign(new Error("less than is in use"), { code: "EBUSY" }));
  const before = await Promise.all(writes.map(async ({ file }) => ({ file, data: await readFile(file, "utf8").catch(() => undefined) })));
  const failed = await writeInSomeOrder(writes);
  if (!failed) return;
  await writeInSomeOrder(before.flatMap(({ file, data }) => (data === undefined ? [] : [{ file, data: data.trim(), optional: true }])));
  throw refused(record, failed.write, failed.cause);
}

function refused(record: ContainerRecord, write: Write, cause: NodeJS.ErrnoException): CaissonError {
  const file = path.basename(write.file);
  return new CaissonError(
    "UPDATE_FAILED",
    `The limits of container ${record.name} stay as they were: ${file} refuses ${write.data}: ${cause.message}`,
    {
      facts: { containerId: record.id, file, value: write.data, errno: cause.code },
      cause,
      remedy: cause.code === "EBUSY" ? "It uses more than that now." : undefined,
    },
  );
}

/** v1 refuses a limit below what is in use; v2 takes it, and kills until it is kept. */
async function exceeded(writes: readonly Write[]): Promise<Write | undefined> {
  const write = writes.find(({ file }) => path.basename(file) === "memory.max");
  if (!write) return undefined;
  const [current, stat] = await Promise.all(
    ["memory.current", "memory.stat"].map((name) => readFile(path.join(path.dirname(write.file), name), "utf8").catch(() => "")),
  );
  return unreclaimableMemory(current!, stat!) > Number(write.data) ? write : undefined;
}

/** Some limits can't be above or below others, so what is refused is tried again after the rest. @returns what can't be written at all */
async function writeInSomeOrder(
  writes: readonly Write[],
): Promise<{ readonly write: Write; readonly cause: NodeJS.ErrnoException } | undefined> {
  let left = writes;
  for (;;) {
    const refused: { readonly write: Write; readonly cause: NodeJS.ErrnoException }[] = [];
    for (const write of left) {
      await writeFile(write.file, write.data).catch((cause: NodeJS.ErrnoException) => void refused.push({ write, cause }));
    }
    if (refused.length === left.length) return refused.find(({ write }) => !write.optional);
    left = refused.map(({ write }) => write);
  }
}

/** One at a time, until none is left that was made meanwhile. */
async function moveProcesses({ unified, directories }: ContainerCgroups, procs: string): Promise<void> {
  const moved = new Set<number>();
  for (;;) {
    const left = (await cgroupProcesses(unified ? [unified] : directories)).filter((pid) => !moved.has(pid));
    if (left.length === 0) return;
    for (const pid of left) {
      moved.add(pid);
      await writeFile(procs, String(pid)).catch(() => {}); // it has ended
    }
  }
}
