/** Looks up, once, what all stages of a build share. */
import type { BuildOptions } from "../../engine.js";
import { optionError } from "../../errors.js";
import { hostPlatform, parsePlatform } from "../images/platform.js";
import { BaseImages } from "./base-images.js";
import type { BuildContextFacts } from "./build-context.js";
import type { BuildProgress } from "./build-progress.js";
import { openNamedContext } from "./context/open-context.js";
import type { Dockerfile } from "./dockerfile/parse-dockerfile.js";
import { globalArguments } from "./global-arguments.js";
import type { BuilderParts, OpenBuild } from "./open-build.js";
import { platformArgs } from "./platform-args.js";
import { openWorkspace, type Workspace } from "./steps/workspace.js";

const IMAGE_CONTEXT = "docker-image://";

export interface GatheredFacts {
  readonly facts: BuildContextFacts;
  /** Keeps what was learnt about the contexts' files. */
  readonly save: () => Promise<void>;
}

/** @throws DOCKERFILE_INVALID, OPTION_INVALID, PATH_NOT_FOUND */
export async function gatherFacts(
  { images, cache, session }: BuilderParts,
  { opened, signal }: OpenBuild,
  dockerfile: Dockerfile,
  options: BuildOptions,
  progress: BuildProgress,
): Promise<GatheredFacts> {
  const target = parsePlatform(options.platform ?? hostPlatform());
  const platform = platformArgs(parsePlatform(hostPlatform()), target);
  const buildArgs = options.buildArgs ?? {};
  const epoch = options.sourceDateEpoch ?? epochArgument(buildArgs["SOURCE_DATE_EPOCH"]);
  const { namedFiles, namedImages, saves } = await openNamedContexts(options, cache.contexts);
  let workspace: Promise<Workspace> | undefined;
  const facts = {
    ...{ dockerfile, options, images, cache, session, signal, target, epoch, namedFiles, namedImages, progress, buildArgs },
    platformArgs: platform,
    globalArgs: globalArguments(dockerfile, platform, buildArgs),
    files: opened.files,
    ignore: opened.ignore,
    workspace: () => {
      workspace ??= session().then((open) => openWorkspace(open, images.layers, epoch));
      return workspace;
    },
    directory: opened.directory,
  };
  const save = async (): Promise<void> => {
    await Promise.all([opened.digests.save(), ...saves.map((each) => each())]);
  };
  return { facts: { ...facts, bases: new BaseImages(facts) }, save };
}

async function openNamedContexts({ contexts = {} }: BuildOptions, store: string) {
  const namedFiles = new Map<string, BuildContextFacts["files"]>();
  const namedImages = new Map<string, string>();
  const saves: (() => Promise<void>)[] = [];
  for (const [name, value] of Object.entries(contexts)) {
    if (value.startsWith(IMAGE_CONTEXT)) {
      namedImages.set(name, value.slice(IMAGE_CONTEXT.length));
      continue;
    }
    const { files, digests } = await openNamedContext(name, value, store);
    namedFiles.set(name, files);
    saves.push(() => digests.save());
  }
  return { namedFiles, namedImages, saves };
}

function epochArgument(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^\d+$/.test(text)) throw optionError("buildArgs.SOURCE_DATE_EPOCH", text, "seconds since 1970");
  return Number(text);
}
