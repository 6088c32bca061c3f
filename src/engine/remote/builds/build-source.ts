/** What a build starts from: a directory of this host with its Dockerfile read and checked, a tar, or an address for the daemon to fetch. */
import { ContextTree } from "../../build-context/context-tree.js";
import { DigestCache } from "../../build-context/digest-cache.js";
import type { IgnoreFile } from "../../build-context/ignore-file.js";
import { existingDirectory, readDockerfile } from "../../build-context/local-context.js";
import { dockerfileError } from "../../dockerfile/dockerfile-error.js";
import { globalArguments } from "../../dockerfile/global-arguments.js";
import type { Instruction } from "../../dockerfile/instructions.js";
import { type Dockerfile, parseDockerfile } from "../../dockerfile/parse-dockerfile.js";
import { placed } from "../../dockerfile/placed-error.js";
import { platformArgs } from "../../dockerfile/platform-args.js";
import { baseOf, findTarget, neededStages, type Surroundings, sourceOf } from "../../dockerfile/stage-graph.js";
import type { BuildContext, BuildOptions } from "../../engine.js";
import { hostPlatform, parsePlatform } from "../../oci/platform.js";
import { parseReference } from "../../oci/reference.js";

export interface DirectorySource {
  readonly kind: "directory";
  readonly directory: string;
  readonly files: ContextTree;
  readonly ignore: IgnoreFile;
  readonly plan: BuildPlan;
}

/** What the Dockerfile's text tells. */
export interface BuildPlan {
  readonly dockerfile: Dockerfile;
  /** Index of the stage to build. */
  readonly target: number;
  readonly text: string;
  /** That the target needs, as far as names tell. */
  readonly images: readonly { readonly reference: string; readonly instruction: Instruction }[];
}

export type BuildSource =
  | DirectorySource
  | { readonly kind: "tar"; readonly tar: AsyncIterable<Uint8Array>; readonly plan: BuildPlan | undefined }
  | { readonly kind: "address"; readonly address: string; readonly plan: BuildPlan | undefined };

const ADDRESS = /^(?:(?:https?|git|ssh):\/\/|github\.com\/|[\w-]+@[\w.-]+:)/;

/** Of a context that is not on this host. */
export function isAddress(context: string): boolean {
  return ADDRESS.test(context);
}

/** @throws PATH_NOT_FOUND, OPTION_INVALID, DOCKERFILE_INVALID, IMAGE_REFERENCE_INVALID */
export async function openSource(context: BuildContext, options: BuildOptions): Promise<BuildSource> {
  const { dockerfileText } = options;
  const given = (): BuildPlan | undefined =>
    dockerfileText === undefined ? undefined : planOf(options.dockerfile ?? "Dockerfile", dockerfileText, options);
  if (typeof context !== "string") return { kind: "tar", tar: context.tar, plan: given() };
  if (isAddress(context)) return { kind: "address", address: context, plan: given() };
  const directory = await existingDirectory(context, "context");
  const { file, text, ignore } = await readDockerfile({ directory, fetched: false }, options);
  const files = new ContextTree(directory, ignore, DigestCache.forgetful());
  return { kind: "directory", directory, files, ignore, plan: planOf(file, text, options) };
}

/** Says at once, and in the same words, what the built-in engine would say of the Dockerfile. */
function planOf(file: string, text: string, options: BuildOptions): BuildPlan {
  const dockerfile = parseDockerfile(file, text);
  const host = parsePlatform(hostPlatform());
  const platform = platformArgs(host, options.platform === undefined ? host : parsePlatform(options.platform));
  const contexts = new Map(Object.entries(options.contexts ?? {}));
  const surroundings: Surroundings = {
    dockerfile,
    globalArgs: globalArguments(dockerfile, platform, options.buildArgs ?? {}),
    contexts,
    imageContexts: new Set(),
  };
  const target = findTarget(dockerfile, options.target).index;
  const images: { reference: string; instruction: Instruction }[] = [];
  const note = (reference: string, instruction: Instruction): void => {
    try {
      parseReference(reference);
    } catch (error) {
      throw placed(error, dockerfile.file, instruction);
    }
    images.push({ reference, instruction });
  };
  for (const index of [...neededStages(surroundings, target)].sort((a, b) => a - b)) {
    const stage = dockerfile.stages[index]!;
    const { source } = baseOf(surroundings, stage);
    if (source.kind === "image") note(source.reference, stage.from);
    for (const instruction of stage.instructions) {
      if (instruction.keyword !== "COPY" || instruction.from === undefined) continue;
      const from = sourceOf(surroundings, stage, instruction, instruction.from);
      if (from.kind === "image") note(from.reference, instruction);
      if (from.kind === "scratch")
        throw dockerfileError({ file, line: instruction.line }, "scratch has no files to copy", { source: instruction.original });
    }
  }
  return { dockerfile, target, text, images };
}
