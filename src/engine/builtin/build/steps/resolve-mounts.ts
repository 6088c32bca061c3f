/** RUN's mounts: what of them belongs to the step's key, and how they are opened once the command really runs. */
import type { InstructionOf } from "../../../dockerfile/instructions.js";
import type { RunMount } from "../../../dockerfile/run-mounts.js";
import { resolveBind } from "./mount-bind.js";
import { resolveCache } from "./mount-cache.js";
import { resolveSecret } from "./mount-secret.js";
import { namedSource } from "./mount-source.js";
import { resolveSsh } from "./mount-ssh.js";
import type { PlannedMount } from "./plan-run-mounts.js";
import type { OpenMount, ResolvedMount } from "./resolved-mount.js";
import type { StageScope } from "./stage-scope.js";

type Run = InstructionOf<"RUN">;

export interface ResolvedMounts {
  readonly key: readonly unknown[];
  /** Opens all of them for as long as `work` takes. */
  using<T>(work: (mounts: readonly PlannedMount[], env: Readonly<Record<string, string>>) => Promise<T>): Promise<T>;
}

/** Resolves once the stages are built that mounts are from. */
export async function awaitSources(builder: StageScope, instruction: Run, mounts: readonly RunMount[]): Promise<void> {
  const sources = mounts.flatMap((mount) => ("from" in mount && mount.from ? [namedSource(builder, instruction, mount.from)] : []));
  await Promise.all(sources.map((source) => (source.kind === "stage" ? builder.layersOf(source, instruction) : undefined)));
}

/** By target, as BuildKit sorts them: a mount below another one comes after it. @throws DOCKERFILE_INVALID, BUILD_FAILED */
export async function resolveMounts(builder: StageScope, instruction: Run, mounts: readonly RunMount[]): Promise<ResolvedMounts> {
  const sorted = [...mounts].sort((a, b) => compare(a.target ?? "", b.target ?? ""));
  const resolved: ResolvedMount[] = [];
  for (const mount of sorted) resolved.push(await resolve(builder, instruction, mount));
  return {
    key: resolved.map(({ key }) => key),
    using: (work) => {
      const locks = resolved.flatMap(({ lock }) => lock ?? []).sort(compare);
      return holding(builder, locks, () => opened(resolved, work));
    },
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function resolve(builder: StageScope, instruction: Run, mount: RunMount): Promise<ResolvedMount> | ResolvedMount {
  switch (mount.type) {
    case "bind":
      return resolveBind(builder, instruction, mount);
    case "cache":
      return resolveCache(builder, instruction, mount);
    case "secret":
      return resolveSecret(builder, instruction, mount);
    case "ssh":
      return resolveSsh(builder, instruction, mount);
    case "tmpfs": {
      const { target, sizeBytes } = mount;
      return {
        key: ["tmpfs", target, sizeBytes ?? 0],
        open: async () => ({ mount: { target, source: { kind: "tmpfs", sizeBytes }, readonly: false } }),
      };
    }
  }
}

/** Locks are taken in one order everywhere, so that steps never wait for each other. */
function holding<T>(builder: StageScope, [first, ...rest]: readonly string[], work: () => Promise<T>): Promise<T> {
  const { cache, signal } = builder.facts;
  return first === undefined ? work() : cache.exclusive(first, signal, () => holding(builder, rest, work));
}

async function opened<T>(
  mounts: readonly ResolvedMount[],
  work: (mounts: readonly PlannedMount[], env: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const open: OpenMount[] = [];
  try {
    for (const mount of mounts) open.push(await mount.open());
    return await work(
      open.flatMap(({ mount }) => mount ?? []),
      Object.assign({}, ...open.map(({ env }) => env ?? {})),
    );
  } finally {
    for (const mount of open) await mount.close?.();
  }
}
