/** What a build was asked for, looked up once: what all of its stages share. */

import type { FileTree } from "../../build-context/file-tree.js";
import type { IgnoreFile } from "../../build-context/ignore-file.js";
import type { OuterArguments } from "../../dockerfile/apply-configuration.js";
import type { Dockerfile, Stage } from "../../dockerfile/parse-dockerfile.js";
import type { Surroundings } from "../../dockerfile/stage-graph.js";
import type { BuildOptions } from "../../engine.js";
import type { OciImageConfig } from "../../oci/image-config.js";
import type { Platform } from "../../oci/platform.js";
import type { Session } from "../containers/session.js";
import type { ImageStore } from "../images/image-store.js";
import type { BuildProgress } from "./build-progress.js";
import type { CacheStore } from "./cache-store.js";
import type { NamedContexts } from "./context/named-context.js";
import type { Workspace } from "./steps/workspace.js";

export interface BuildContextFacts extends Surroundings, OuterArguments {
  readonly dockerfile: Dockerfile;
  readonly options: BuildOptions;
  readonly images: ImageStore;
  readonly cache: CacheStore;
  readonly progress: BuildProgress;
  readonly target: Platform;
  readonly platformArgs: Readonly<Record<string, string>>;
  readonly globalArgs: ReadonlyMap<string, string>;
  /** The main context. */
  readonly files: FileTree;
  /** Further ones, by name. */
  readonly contexts: NamedContexts["byName"];
  /** What is left out of it. */
  readonly ignore: IgnoreFile;
  /** Configurations of the images that stages stand on. */
  readonly bases: { of(stage: Stage): Promise<OciImageConfig> };
  /** Opens the session when the first step needs it: a build that is all cached starts nothing. */
  readonly workspace: () => Promise<Workspace>;
  readonly session: () => Promise<Session>;
  readonly signal: AbortSignal;
  /** Seconds, for directories that are made and for the image. */
  readonly epoch: number | undefined;
  readonly directory: string | undefined;
}
