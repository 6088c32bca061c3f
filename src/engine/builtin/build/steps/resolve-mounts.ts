/** Where the files of RUN's mounts come from, what of them belongs to the step's key, and who else must wait meanwhile. */
import { createHash, randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { BuildSecret } from "../../../engine.js";
import { withFileLock } from "../../images/file-lock.js";
import { buildFailed } from "../build-failure.js";
import { dockerfileError } from "../dockerfile/dockerfile-error.js";
import type { InstructionOf } from "../dockerfile/instructions.js";
import { statInRoot } from "../files/root-files.js";
import { sourceOf } from "../stage-graph.js";
import type { PlannedMount, RunMount } from "./run-mounts.js";
import type { StageScope } from "./stage-scope.js";
import { layerDirectories } from "./workspace.js";

type Run = InstructionOf<"RUN">;

export interface ResolvedMounts {
  readonly mounts: readonly PlannedMount[];
  readonly env: Readonly<Record<string, string>>;
  /** Never what secrets and caches hold. */
  readonly key: readonly unknown[];
  /** Runs `work` while the caches that only one may use are ours. */
  whileHeld<T>(work: () => Promise<T>): Promise<T>;
}

interface Resolved {
  readonly mount?: PlannedMount | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly key: readonly unknown[];
  readonly lock?: string | undefined;
  readonly temporary?: string | undefined;
}

/** Resolves once the stages are built that mounts are from. */
export async function awaitSources(builder: StageScope, instruction: Run, mounts: readonly RunMount[]): Promise<void> {
  const from = mounts.flatMap((mount) => ("from" in mount && mount.type === "bind" && mount.from !== undefined ? [mount.from] : []));
  await Promise.all(from.map((each) => layersOf(builder, instruction, each)));
}

/** @throws DOCKERFILE_INVALID, BUILD_FAILED */
export async function resolveMounts(builder: StageScope, instruction: Run, mounts: readonly RunMount[]): Promise<ResolvedMounts> {
  const resolved: Resolved[] = [];
  for (const mount of mounts) resolved.push(await resolve(builder, instruction, mount));
  const locks = resolved.flatMap(({ lock }) => lock ?? []).sort();
  return {
    mounts: resolved.flatMap(({ mount }) => mount ?? []),
    env: Object.assign({}, ...resolved.map(({ env }) => env ?? {})),
    key: resolved.map(({ key }) => key),
    whileHeld: async (work) => {
      try {
        return await holding(locks, builder.facts.signal, work);
      } finally {
        for (const { temporary } of resolved) if (temporary) await rm(temporary, { recursive: true, force: true });
      }
    },
  };
}

function holding<T>([first, ...rest]: readonly string[], signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return first === undefined ? work() : withFileLock(first, signal, () => holding(rest, signal, work));
}

function resolve(builder: StageScope, instruction: Run, mount: RunMount): Promise<Resolved> {
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
      return Promise.resolve({
        mount: { target, source: { kind: "tmpfs", sizeBytes }, readonly: false },
        key: ["tmpfs", target, sizeBytes ?? 0],
      });
    }
  }
}

async function resolveBind(
  builder: StageScope,
  instruction: Run,
  { target, source, from, writable }: RunMount & { type: "bind" },
): Promise<Resolved> {
  const { facts } = builder;
  const diffIds = await layersOf(builder, instruction, from);
  const workspace = await facts.workspace();
  const layers = layerDirectories(facts.images.layers, diffIds);
  const [found] = await statInRoot(workspace.session, layers, [source]);
  if (!found)
    throw buildFailed(
      { file: facts.dockerfile.file, instruction },
      `"${source || "/"}": not found${from ? ` in ${from}` : " in the context"}`,
    );
  const scratch = writable ? workspace.scratch() : undefined;
  if (scratch) for (const each of ["upper", "work"]) await mkdir(path.join(scratch, each), { recursive: true });
  const isDirectory = found.type === "directory";
  return {
    mount: { target, source: { kind: "layers", layers, path: found.path, isDirectory, scratch }, readonly: !writable },
    key: ["bind", target, diffIds, found.path, writable],
  };
}

async function layersOf(builder: StageScope, instruction: Run, from: string | undefined): Promise<readonly string[]> {
  const { facts, stage } = builder;
  if (from === undefined) return [await builder.contextLayer(facts.files, instruction)];
  return builder.layersOf(sourceOf(facts, stage, instruction, from), instruction);
}

/** A directory that is kept between builds, by id. */
async function resolveCache(builder: StageScope, instruction: Run, mount: RunMount & { type: "cache" }): Promise<Resolved> {
  const { facts } = builder;
  const { target, id, source, from, sharing, mode, uid, gid } = mount;
  const key = ["cache", target, from ?? "", source];
  if (from !== undefined) {
    throw dockerfileError({ file: facts.dockerfile.file, line: instruction.line }, "a cache mount with from= is not supported", {
      source: instruction.original,
      expected: "a cache mount that begins empty",
    });
  }
  const namespace = facts.options.buildArgs?.["BUILDKIT_CACHE_MOUNT_NS"] ?? "";
  const name = createHash("sha256")
    .update(JSON.stringify([namespace, id, mode, uid, gid]))
    .digest("hex")
    .slice(0, 32);
  const kept = path.join(facts.cache.mounts, name);
  // Private: nobody else sees it. What is written there is of no use to a later build, which is allowed.
  const directory = sharing === "private" ? path.join(facts.cache.mounts, `${name}-${randomBytes(6).toString("hex")}`) : kept;
  if (!(await stat(directory).catch(() => undefined))) {
    await mkdir(directory, { recursive: true });
    await chmod(directory, mode);
    if (uid !== 0 || gid !== 0) await chown(directory, uid, gid);
  }
  return {
    mount: { target, source: { kind: "host", path: directory, isDirectory: true }, readonly: mount.readonly },
    key,
    lock: sharing === "locked" ? `${kept}.lock` : undefined,
    temporary: sharing === "private" ? directory : undefined,
  };
}

async function resolveSecret(builder: StageScope, instruction: Run, mount: RunMount & { type: "secret" }): Promise<Resolved> {
  const { facts } = builder;
  const { id, target, env, required, mode, uid, gid } = mount;
  const key = ["secret", id, target ?? "", env ?? ""];
  const secret = facts.options.secrets?.[id];
  const content = secret && (await readSecret(secret));
  if (content === undefined) {
    if (!required) return { key };
    throw buildFailed({ file: facts.dockerfile.file, instruction }, `secret ${id}: not found`, {
      remedy: `Give the build a secret of that id: --secret id=${id},src=FILE.`,
    });
  }
  return {
    mount: target === undefined ? undefined : { target, source: { kind: "content", content, mode, uid, gid }, readonly: true },
    env: env === undefined ? undefined : { [env]: content.toString("utf8") },
    key,
  };
}

async function readSecret(secret: BuildSecret): Promise<Buffer | undefined> {
  if ("value" in secret) return Buffer.from(secret.value as string);
  if ("file" in secret) return readFile(secret.file);
  const value = process.env[secret.env];
  return value === undefined ? undefined : Buffer.from(value);
}

async function resolveSsh(builder: StageScope, instruction: Run, { id, target, required }: RunMount & { type: "ssh" }): Promise<Resolved> {
  const { facts } = builder;
  const socket = facts.options.ssh?.[id];
  const key = ["ssh", id, target];
  if (socket === undefined) {
    if (!required) return { key };
    throw buildFailed({ file: facts.dockerfile.file, instruction }, `ssh agent ${id}: not given`, {
      remedy: `Give the build its socket: --ssh ${id}=SOCKET.`,
    });
  }
  return {
    mount: { target, source: { kind: "host", path: socket, isDirectory: false }, readonly: false },
    env: { SSH_AUTH_SOCK: target },
    key,
  };
}
