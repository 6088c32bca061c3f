/** Builds one stage: its base, then its instructions in order. */

import type { FileTree } from "../../build-context/file-tree.js";
import { applyConfiguration } from "../../dockerfile/apply-configuration.js";
import { formatLocation } from "../../dockerfile/dockerfile-error.js";
import { Expander } from "../../dockerfile/expand-instruction.js";
import type { ImageState } from "../../dockerfile/image-state.js";
import * as image from "../../dockerfile/image-state.js";
import type { Instruction } from "../../dockerfile/instructions.js";
import { parseTrigger, type Stage } from "../../dockerfile/parse-dockerfile.js";
import { baseOf, type Source } from "../../dockerfile/stage-graph.js";
import { stepName, stepsOf } from "../../dockerfile/step-names.js";
import { fromOci, parseOciConfig } from "../../oci/image-config.js";
import { findImage, imageReference } from "./base-images.js";
import type { BuildContextFacts } from "./build-context.js";
import { placeFailure } from "./build-failure.js";
import type { Step } from "./build-progress.js";
import { keyOf } from "./cache-store.js";
import type { NamedContext } from "./context/named-context.js";
import { RootfsTree } from "./files/rootfs-tree.js";
import { type Selected, select } from "./steps/copy-selection.js";
import { copyStep } from "./steps/copy-step.js";
import { runStep } from "./steps/run-step.js";
import type { KeyedLayer, StageScope } from "./steps/stage-scope.js";
import { treeLayer } from "./steps/tree-layer.js";
import { workdirStep } from "./steps/workdir-step.js";
import { layerDirectories } from "./steps/workspace.js";

export class StageBuilder implements StageScope {
  readonly facts: BuildContextFacts;
  readonly stage: Stage;
  state: ImageState = image.emptyImage(fromOci());
  readonly #stageState: (index: number) => Promise<ImageState>;
  #stepNumber = 0;
  #stepTotal = 0;

  /** @param stageState what an earlier stage has become */
  constructor(facts: BuildContextFacts, stage: Stage, stageState: (index: number) => Promise<ImageState>) {
    this.facts = facts;
    this.stage = stage;
    this.#stageState = stageState;
  }

  async build(): Promise<ImageState> {
    const { facts, stage } = this;
    this.#stepTotal = stepsOf(stage);
    const triggers = await this.#begin();
    for (const trigger of triggers) await this.#apply(parseTrigger(facts.dockerfile.file, trigger, stage.from));
    for (const instruction of stage.instructions) await this.#apply(instruction);
    return this.state;
  }

  /** Sets the base. @returns its ONBUILD triggers */
  async #begin(): Promise<readonly string[]> {
    const { facts, stage } = this;
    const { source } = baseOf(facts, stage);
    if (source.kind === "stage") {
      const below = await this.#stageState(source.index);
      this.state = image.fromStage(below);
      this.#stepTotal--;
      return below.config.onBuild;
    }
    if (source.kind === "scratch") {
      this.#stepTotal--;
      this.state = image.emptyImage(fromOci());
      return [];
    }
    const context = await this.#context(source);
    if (context && "files" in context) {
      const layer = await treeLayer(this, stage.from, await everything(context.files), "");
      this.state = { ...image.emptyImage(fromOci()), layers: [layer] };
      return [];
    }
    const oci = await facts.bases.of(stage);
    this.#stepNumber++;
    const config = fromOci(oci.config);
    await facts.cache.use(...oci.rootfs.diff_ids);
    this.state = image.fromImage(oci, config);
    return config.onBuild;
  }

  async #apply(instruction: Instruction): Promise<void> {
    const expander = this.expander(instruction);
    switch (instruction.keyword) {
      case "WORKDIR":
        this.state = await workdirStep(this, instruction, expander);
        return;
      case "RUN":
        this.state = await runStep(this, instruction, expander);
        return;
      case "COPY":
      case "ADD":
        this.state = await copyStep(this, instruction, expander);
        return;
      case "FROM":
        return;
      default:
        this.state = applyConfiguration(this.facts, this.state, instruction, expander);
    }
  }

  expander(instruction: Instruction): Expander {
    const { env } = this.state;
    return new Expander(this.facts.dockerfile, instruction, (name) => env.get(name));
  }

  at(instruction: Pick<Instruction, "line">) {
    return { file: this.facts.dockerfile.file, line: instruction.line };
  }

  stepName(text: string): string {
    return stepName(this.facts.dockerfile, this.stage, ++this.#stepNumber, this.#stepTotal, text);
  }

  async layer(instruction: Instruction, find: (step: Step) => Promise<KeyedLayer>): Promise<string> {
    const { cache, progress, signal, options, dockerfile, epoch } = this.facts;
    const failed = { file: dockerfile.file, instruction };
    const { noCache = false } = options;
    const fresh = Array.isArray(noCache) ? noCache.some((name) => name.toLowerCase() === this.stage.from.name) : noCache === true;
    return progress.step(this.stepName(instruction.original), formatLocation(this.at(instruction)), async (step) => {
      try {
        const found = await find(step);
        // Times of files are capped by it.
        const key = epoch === undefined ? found.key : keyOf(found.key, epoch);
        const known = fresh ? undefined : await cache.layer(key);
        if (known !== undefined) {
          step.cached();
          return known;
        }
        return await cache.exclusive(key, signal, async () => {
          const meanwhile = fresh ? undefined : await cache.layer(key);
          if (meanwhile !== undefined) {
            step.cached();
            return meanwhile;
          }
          const layer = await found.make();
          await cache.put(key, layer);
          return layer;
        });
      } catch (error) {
        throw placeFailure(failed, error);
      }
    });
  }

  get below(): string[] {
    return layerDirectories(this.facts.images.layers, this.state.layers);
  }

  async tree(source: Source, instruction: Instruction): Promise<FileTree> {
    const { images, session } = this.facts;
    const context = await this.#context(source);
    if (context && "files" in context) return context.files;
    const layers = await this.layersOf(source, instruction);
    return new RootfsTree(await session(), layerDirectories(images.layers, layers), layers);
  }

  async layersOf(source: Source, instruction: Instruction): Promise<readonly string[]> {
    const { images, cache } = this.facts;
    if (source.kind === "scratch") return [];
    if (source.kind === "stage") return (await this.#stageState(source.index)).layers;
    const context = await this.#context(source);
    if (context && "files" in context) return [await treeLayer(this, instruction, await everything(context.files), "")];
    const { id } = await findImage(this.facts, (await imageReference(this.facts, source))!, undefined, instruction);
    const { diff_ids } = parseOciConfig(await images.content.get(id), id).rootfs;
    await cache.use(...diff_ids);
    return diff_ids;
  }

  async #context(source: Source): Promise<NamedContext | undefined> {
    return source.kind === "context" ? this.facts.contexts.get(source.name)!() : undefined;
  }
}

async function everything(files: FileTree): Promise<Selected> {
  const [selected] = await select(files, ".", false);
  return selected!;
}
