/** What a build or a check begins with: its context opened, its Dockerfile read as far as it goes; and what is gone with its end. */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import path from "node:path";
import { validateBuildOptions } from "../../build-context/validate-options.js";
import { type ParsedDockerfile, parseUpToError } from "../../dockerfile/parse-dockerfile.js";
import type { BuildContext, BuildOptions } from "../../engine.js";
import { abortError, throwIfAborted } from "../../errors.js";
import type { Session } from "../containers/session.js";
import type { ImageStore } from "../images/image-store.js";
import { privateDirectory } from "../images/private-directory.js";
import type { CacheStore } from "./cache-store.js";
import { type NamedContexts, namedContexts } from "./context/named-context.js";
import { type OpenContext, openContext } from "./context/open-context.js";
import { openWorkspace, type Workspace } from "./steps/workspace.js";

export interface BuilderParts {
  readonly images: ImageStore;
  readonly cache: CacheStore;
  /** Opens the session on first use. */
  readonly session: () => Promise<Session>;
  /** For contexts that are unpacked or cloned. */
  readonly temporary: string;
}

export interface OpenBuild {
  readonly opened: OpenContext;
  /** Further contexts. */
  readonly named: NamedContexts;
  /** Opened once, when the first step needs it. @param newest seconds: the latest time of files in layers */
  readonly openWorkspace: (newest: number | undefined) => Promise<Workspace>;
  readonly parsed: ParsedDockerfile;
  /** Fires with the caller's, and when `stop` is told to. */
  readonly signal: AbortSignal;
  readonly stop: AbortController;
}

/** @throws OPTION_INVALID, UNSUPPORTED, PATH_NOT_FOUND, LAYER_INVALID, SUPERVISOR_DIED, ABORTED, and what `work` throws */
export async function openBuild<T>(
  parts: BuilderParts,
  context: BuildContext,
  options: BuildOptions,
  work: (build: OpenBuild) => Promise<T>,
): Promise<T> {
  validateBuildOptions(context, options);
  throwIfAborted("build", options.signal);
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const keep = (...diffIds: readonly string[]): Promise<void> => parts.cache.use(...diffIds);
  let session: Promise<Session> | undefined;
  let workspace: Promise<Workspace> | undefined;
  const openOnce = (newest: number | undefined): Promise<Workspace> => {
    session ??= parts.session();
    workspace ??= session.then((opened) => openWorkspace(opened, parts.images.layers, parts.images.tools, newest, keep));
    return workspace;
  };
  const temporary: string[] = [];
  const newTemporary = async (): Promise<string> => {
    const place = path.join(parts.temporary, `context-${process.pid}-${randomBytes(6).toString("hex")}`);
    await privateDirectory(parts.temporary);
    temporary.push(place);
    return place;
  };
  try {
    const { cache, images } = parts;
    const contextParts = { cache, http: images.registries.http, tools: images.tools, temporary: newTemporary, signal };
    const opened = await openContext(context, options, contextParts);
    const named = namedContexts(options, images, contextParts);
    return await work({ opened, named, openWorkspace: openOnce, parsed: parseUpToError(opened.file, opened.text), signal, stop });
  } catch (error) {
    if (options.signal?.aborted) throw abortError("build", options.signal);
    // With the session its directory goes: a file that is missing there may be the first to tell.
    await session?.then(({ supervisor }) => supervisor.answers());
    throw error;
  } finally {
    parts.cache.release();
    await workspace?.then((open) => open.close()).catch(() => {}); // the session is gone, and its directory with it
    for (const place of temporary) await rm(place, { recursive: true, force: true });
  }
}
