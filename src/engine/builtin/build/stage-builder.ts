/** Builds one stage: its base, then its instructions in order. */
import { fromOci, parseOciConfig } from "../images/image-config.js";
import { applyConfiguration } from "./apply-configuration.js";
import { findImage, imageReference } from "./base-images.js";
import type { BuildContextFacts } from "./build-context.js";
import { placeFailure } from "./build-failure.js";
import type { Step } from "./build-progress.js";
import { keyOf } from "./cache-store.js";
import { formatLocation } from "./dockerfile/dockerfile-error.js";
import type { Instruction } from "./dockerfile/instructions.js";
import { parseTrigger, type Stage } from "./dockerfile/parse-dockerfile.js";
import { Expander } from "./expand-instruction.js";
import type { FileTree } from "./files/file-tree.js";
import { RootfsTree } from "./files/rootfs-tree.js";
import type { ImageState } from "./image-state.js";
import * as image from "./image-state.js";
import { baseOf, type Source } from "./stage-graph.js";
import { stepName, stepsOf } from "./step-names.js";
import { copyTar } from "./steps/copy-files.js";
import { digestOf, select } from "./steps/copy-selection.js";
import { copyStep } from "./steps/copy-step.js";
import { runStep } from "./steps/run-step.js";
import type { KeyedLayer, StageScope } from "./steps/stage-scope.js";
import { workdirStep } from "./steps/workdir-step.js";
import { layerDirectories } from "./steps/workspace.js";
import { writeLayer } from "./steps/write-layer.js";

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
    const files = source.kind === "context" ? facts.namedFiles.get(source.name) : undefined;
    if (files) {
      this.state = image.emptyImage(fromOci());
      this.state = { ...this.state, layers: [await this.contextLayer(files, stage.from)] };
      return [];
    }
    const oci = await facts.bases.of(stage);
    this.#stepNumber++;
    const config = fromOci(oci.config);
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
    const { cache, progress, signal, options, dockerfile } = this.facts;
    const failed = { file: dockerfile.file, instruction };
    const { noCache = false } = options;
    const fresh = Array.isArray(noCache) ? noCache.some((name) => name.toLowerCase() === this.stage.from.name) : noCache === true;
    return progress.step(this.stepName(instruction.original), formatLocation(this.at(instruction)), async (step) => {
      try {
        const { key, make } = await find(step);
        const known = fresh ? undefined : await cache.layer(key);
        if (known !== undefined) {
          step.cached();
          return known;
        }
        return await cache.exclusive(key, signal, async () => {
          const meanwhile = fresh ? undefined : await cache.layer(key);
          if (meanwhile !== undefined) return meanwhile;
          const layer = await make();
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
    const { namedFiles, images, session } = this.facts;
    const files = source.kind === "context" ? namedFiles.get(source.name) : undefined;
    if (files) return files;
    const layers = await this.layersOf(source, instruction);
    return new RootfsTree(await session(), layerDirectories(images.layers, layers), layers);
  }

  async layersOf(source: Source, instruction: Instruction): Promise<readonly string[]> {
    const { namedFiles, images } = this.facts;
    if (source.kind === "scratch") return [];
    if (source.kind === "stage") return (await this.#stageState(source.index)).layers;
    const files = source.kind === "context" ? namedFiles.get(source.name) : undefined;
    if (files) return [await this.contextLayer(files, instruction)];
    const { id } = await findImage(this.facts, imageReference(this.facts, source)!, undefined, instruction);
    return parseOciConfig(await images.content.get(id), id).rootfs.diff_ids;
  }

  async contextLayer(files: FileTree, instruction: Instruction): Promise<string> {
    const { cache, workspace, signal } = this.facts;
    const selections = await select(files, ".", false);
    const key = keyOf("context", await Promise.all(selections.map((each) => digestOf(each, [], cache))));
    const known = await cache.layer(key);
    if (known) return known;
    const placement = { destination: "/", known: new Map(), owner: undefined, mode: undefined, exclude: [], now: 0 };
    try {
      const layer = await writeLayer(await workspace(), [], [{ tar: copyTar(selections, placement) }], signal);
      await cache.put(key, layer);
      return layer;
    } catch (error) {
      throw placeFailure({ file: this.facts.dockerfile.file, instruction }, error);
    }
  }
}
