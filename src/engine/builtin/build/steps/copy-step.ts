/** COPY and ADD: finds the files, and makes the layer that holds them where they should be. */

import type { FileTree } from "../../../build-context/file-tree.js";
import { isGit, isRemote } from "../../../build-context/remote-source.js";
import { TAR_END } from "../../../build-context/tar-stream-codec.js";
import { dockerfileError } from "../../../dockerfile/dockerfile-error.js";
import type { Expander } from "../../../dockerfile/expand-instruction.js";
import { commit, type ImageState, resolveWorkdir } from "../../../dockerfile/image-state.js";
import type { CopyInstruction, InstructionOf } from "../../../dockerfile/instructions.js";
import { sourceOf } from "../../../dockerfile/stage-graph.js";
import { keyOf } from "../cache-store.js";
import { followDangling, pathsTo } from "../files/dangling-links.js";
import { DeferredTree } from "../files/deferred-tree.js";
import { parseMode } from "../files/file-mode.js";
import { type FileStatus, statInRoot } from "../files/root-files.js";
import { SingleFileTree } from "../files/single-file-tree.js";
import { type AddedArchive, findArchive } from "./add-archive.js";
import { findRemote, isChecksumFor } from "./add-remote.js";
import { type CopyPlacement, copyTar, resolved } from "./copy-files.js";
import { digestOf, type Selected, select } from "./copy-selection.js";
import { isNumeric, ownerOf } from "./owner.js";
import type { StageScope } from "./stage-scope.js";
import { writeLayer } from "./write-layer.js";

type Copy = InstructionOf<"COPY" | "ADD">;

/** The instruction with its words expanded. */
type Request = Omit<CopyInstruction, "destination"> & {
  readonly destination: string;
  readonly absolute: string;
  readonly inline: readonly FileTree[];
};

export async function copyStep(builder: StageScope, instruction: Copy, expander: Expander): Promise<ImageState> {
  const { facts, state } = builder;
  const request = expandRequest(builder, instruction, expander);
  const below = request.link ? [] : builder.below;
  const tree = await sourceTree(builder, instruction, request.from);
  const layer = await builder.layer(instruction, async () => {
    const selections = await selectAll(builder, instruction, request, tree);
    const digests = await Promise.all(selections.map((each) => digestOf(each, request.exclude, facts.cache)));
    const { absolute, chown, chmod, parents, exclude, unpack } = request;
    const parent = request.link ? "" : state.layers;
    return {
      key: keyOf(
        "copy",
        instruction.keyword,
        parent,
        digests,
        absolute,
        chown,
        chmod,
        parents,
        exclude,
        unpack,
        // A name stands for whatever the files below say.
        request.link && chown && !isNumeric(chown) ? state.layers : "",
      ),
      make: () => makeLayer(builder, instruction, request, selections, below),
    };
  });
  return commit(state, historyText(instruction, request), layer);
}

function expandRequest({ facts, state }: StageScope, instruction: Copy, expander: Expander): Request {
  const place = { file: facts.dockerfile.file, line: instruction.line };
  const destination = expander.word(instruction.destination);
  const sources = instruction.sources.map((source) => expander.word(source));
  const several = sources.length + instruction.heredocs.length > 1;
  const details = { source: instruction.original };
  if (several && !destination.endsWith("/")) {
    throw dockerfileError(
      place,
      `When using ${instruction.keyword} with more than one source file, the destination must be a directory and end with a /`,
      details,
    );
  }
  const chmod = expander.optional(instruction.chmod);
  if (chmod !== undefined && !parseMode(chmod)) {
    throw dockerfileError(place, `invalid chmod parameter: ${chmod}`, {
      ...details,
      expected: "an octal mode from 0 to 07777, or a symbolic one such as u=rwX,go=rX",
    });
  }
  const chown = expander.optional(instruction.chown);
  if (chown !== undefined && !/^[^:]+(:[^:]+)?$/.test(chown))
    throw dockerfileError(place, `invalid chown parameter: ${chown}`, { ...details, expected: "USER[:GROUP]" });
  refuseSources(instruction, sources, expander.optional(instruction.checksum), (problem, expected) => {
    throw dockerfileError(place, problem, { ...details, expected });
  });
  const absolute = resolveWorkdir(state.config.workingDir, destination === "" ? "." : destination);
  const asDirectory = /(^|\/)\.{0,2}$/.test(destination);
  const inline = instruction.heredocs.map(
    (heredoc) =>
      new SingleFileTree({
        name: heredoc.name,
        mode: 0o644,
        mtime: facts.epoch ?? Math.floor(Date.now() / 1000),
        content: Buffer.from(expander.heredoc(heredoc)),
      }),
  );
  return {
    ...instruction,
    sources,
    destination,
    absolute: asDirectory && absolute !== "/" ? `${absolute}/` : absolute,
    chown,
    chmod,
    checksum: expander.optional(instruction.checksum),
    exclude: instruction.exclude.map((pattern) => expander.word(pattern)),
    inline,
  };
}

/** What can be known of sources before anything is fetched. */
function refuseSources(
  { keyword, from, heredocs }: Copy,
  sources: readonly string[],
  checksum: string | undefined,
  refuse: (problem: string, expected?: string) => never,
): void {
  const remote = from === undefined ? sources.find(isRemote) : undefined;
  if (keyword === "COPY" && remote !== undefined)
    refuse(`source can't be a ${isGit(remote) ? "git ref" : "URL"} for COPY: ${remote}`, "ADD");
  if (checksum === undefined) return;
  const [source = ""] = sources;
  if (sources.length + heredocs.length !== 1) refuse("checksum can't be specified for multiple sources");
  if (!isRemote(source)) refuse("checksum requires HTTP(S) or Git sources");
  if (!isChecksumFor(source, checksum))
    refuse(`invalid checksum: ${checksum}`, isGit(source) ? "a commit, or how it begins" : "sha256:HEX");
}

async function selectAll(builder: StageScope, instruction: Copy, request: Request, tree: FileTree): Promise<Selected[]> {
  const selections: Selected[] = [];
  for (const source of request.sources) {
    if (isRemote(source)) selections.push(await findRemote(builder, instruction, source, request));
    else selections.push(...(await select(tree, source, request.parents)));
  }
  for (const file of request.inline) selections.push(...(await select(file, (await file.stat(""))!.path, false)));
  return selections;
}

async function sourceTree(builder: StageScope, instruction: Copy, from: string | undefined): Promise<FileTree> {
  const { facts, stage } = builder;
  if (from === undefined) return facts.files;
  return builder.tree(sourceOf(facts, stage, instruction, from), instruction);
}

async function makeLayer(
  builder: StageScope,
  instruction: Copy,
  request: Request,
  selections: readonly Selected[],
  below: readonly string[],
): Promise<string> {
  const { facts } = builder;
  const workspace = await facts.workspace();
  const absolute = await followDangling(workspace.session, below, request.absolute);
  const paths = pathsTo(absolute);
  const found = await statInRoot(workspace.session, below, paths);
  const known = new Map(paths.flatMap((each, index): [string, FileStatus][] => (found[index] ? [[each, found[index]]] : [])));
  const owner = request.chown === undefined ? undefined : await ownerOf(workspace.session, builder.below, request.chown);
  const placement: CopyPlacement = {
    destination: absolute,
    known,
    owner,
    mode: request.chmod === undefined ? undefined : parseMode(request.chmod),
    exclude: request.exclude,
    now: facts.epoch ?? Math.floor(Date.now() / 1000),
  };
  // Patterns that matched nothing: then not even the destination is made.
  if (selections.length === 0) return writeLayer(workspace, below, [{ tar: noFiles() }], facts.signal);
  const { archives, files } = await separate(instruction, request, selections);
  if (archives.length === 0) return writeLayer(workspace, below, [{ tar: copyTar(files, placement) }], facts.signal);
  const directory = absolute.endsWith("/") ? absolute : `${absolute}/`;
  const into = resolved(directory, known);
  const made = { tar: copyTar(files, { ...placement, destination: directory }) };
  return writeLayer(workspace, below, [made, ...archives.map(({ tar }) => ({ tar: tar(), into }))], facts.signal);
}

async function* noFiles(): AsyncGenerator<Buffer> {
  yield TAR_END;
}

/** ADD unpacks local archives, unless it is told not to; remote ones only where it is told to; here-documents never. */
async function separate(
  instruction: Copy,
  request: Request,
  selections: readonly Selected[],
): Promise<{ archives: AddedArchive[]; files: Selected[] }> {
  const archives: AddedArchive[] = [];
  const files: Selected[] = [];
  for (const selected of selections) {
    const remote = selected.tree instanceof DeferredTree;
    const inline = selected.tree instanceof SingleFileTree;
    const wanted = instruction.keyword === "ADD" && !selected.isDirectory && !inline && (request.unpack ?? !remote);
    const archive = wanted ? await findArchive(selected) : undefined;
    if (archive) archives.push(archive);
    else files.push(selected);
  }
  return { archives, files };
}

function historyText(instruction: Copy, { chown, chmod, parents, sources, heredocs, destination }: Request): string {
  const flags = [...(parents ? [" --parents"] : []), ...(chown ? [` --chown=${chown}`] : []), ...(chmod ? [` --chmod=${chmod}`] : [])];
  const inline = heredocs.map(({ name }) => `<<${name}`);
  return `${instruction.keyword}${flags.join("")} ${[...sources, ...inline, destination].join(" ")} # buildkit`;
}
