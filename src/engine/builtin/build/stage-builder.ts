/** Builds one stage: its base, then its instructions in order. Everything that only changes the configuration is image-state.ts's. */
import { CaissonError, isCaissonError } from "../../errors.js";
import { fromOci, parseOciConfig } from "../images/image-config.js";
import { formatPlatform } from "../images/platform.js";
import { signalNumber } from "../runtime/signals.js";
import type { BuildContextFacts } from "./build-context.js";
import { placeFailure } from "./build-failure.js";
import type { Step } from "./build-progress.js";
import { keyOf } from "./cache-store.js";
import type { NamedContext } from "./context/named-context.js";
import { dockerfileError, formatLocation } from "./dockerfile/dockerfile-error.js";
import type { Instruction, InstructionOf } from "./dockerfile/instructions.js";
import { parseTrigger, type Stage } from "./dockerfile/parse-dockerfile.js";
import { Expander } from "./expand-instruction.js";
import { parseExposedPorts } from "./exposed-ports.js";
import type { FileTree } from "./files/file-tree.js";
import { RootfsTree } from "./files/rootfs-tree.js";
import type { ImageState } from "./image-state.js";
import * as image from "./image-state.js";
import { baseOf, type Source } from "./stage-graph.js";
import { type Selected, select } from "./steps/copy-selection.js";
import { copyStep } from "./steps/copy-step.js";
import { runStep } from "./steps/run-step.js";
import type { KeyedLayer, StageScope } from "./steps/stage-scope.js";
import { treeLayer } from "./steps/tree-layer.js";
import { workdirStep } from "./steps/workdir-step.js";
import { layerDirectories } from "./steps/workspace.js";

/** Arguments of the builder itself that no command sees. */
const HIDDEN_ARGS = ["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"];
const WITH_STEP = ["RUN", "COPY", "ADD", "WORKDIR"];

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
    this.#stepTotal = 1 + stage.instructions.filter(({ keyword }) => WITH_STEP.includes(keyword)).length;
    const triggers = await this.#begin();
    for (const trigger of triggers) await this.#apply(parseTrigger(facts.dockerfile.file, trigger, stage.from));
    for (const instruction of stage.instructions) await this.#apply(instruction);
    return this.state;
  }

  /** Sets the base. @returns its ONBUILD triggers */
  async #begin(): Promise<readonly string[]> {
    const { facts, stage } = this;
    const expander = new Expander(facts.dockerfile, stage.from, (name) => facts.globalArgs.get(name));
    const name = expander.word(stage.from.image);
    if (name === "")
      throw dockerfileError(this.at(stage.from), `base name (${stage.from.image}) should not be blank`, { source: stage.from.original });
    const platform = expander.optional(stage.from.platform);
    const base = baseOf(facts.dockerfile, stage, name, [...facts.contexts.keys()]);
    if (base.kind === "stage") {
      const below = await this.#stageState(base.index);
      this.state = image.fromStage(below);
      this.#stepTotal--;
      return below.config.onBuild;
    }
    if (base.kind === "scratch") {
      this.#stepTotal--;
      this.state = image.emptyImage(fromOci());
      return [];
    }
    const context = base.kind === "context" ? await facts.contexts.get(base.name)!() : undefined;
    if (context && "files" in context) {
      const layer = await treeLayer(this, stage.from, await everything(context.files), "");
      this.state = { ...image.emptyImage(fromOci()), layers: [layer] };
      return [];
    }
    const reference = context ? context.image : (base as Source & { kind: "image" }).reference;
    const found = await facts.progress.step(this.stepName(`FROM ${reference}`), formatLocation(this.at(stage.from)), () =>
      this.#image(reference, platform, stage.from),
    );
    const oci = parseOciConfig(await facts.images.content.get(found.id), found.id);
    const config = fromOci(oci.config);
    facts.cache.use(...oci.rootfs.diff_ids);
    this.state = image.fromImage(oci, config);
    return config.onBuild;
  }

  /** From the store, or pulled. @throws IMAGE_NOT_FOUND, with the place of who asked */
  async #image(reference: string, platform: string | undefined, at: Instruction): Promise<{ readonly id: string }> {
    const { images, options, progress, signal, target } = this.facts;
    const wanted = platform ?? options.platform;
    try {
      if (!options.pull) {
        const known = await images.resolve(reference, wanted ?? formatPlatform(target)).catch((error: unknown) => {
          if (isCaissonError(error, "IMAGE_NOT_FOUND") || isCaissonError(error, "IMAGE_PLATFORM_MISSING")) return undefined;
          throw error;
        });
        if (known) return known.inspect;
      }
      return await images.pull(reference, { platform: wanted, signal, progress: progress.pull(reference) });
    } catch (error) {
      if (!(error instanceof CaissonError) || error.code === "ABORTED") throw error;
      const { code, facts, summary, evidence, remedy } = error;
      throw new CaissonError(code, `${formatLocation(this.at(at))}: ${summary}`, {
        facts,
        evidence: [`${at.line} | ${at.original}`, ...evidence],
        remedy,
        cause: error,
      });
    }
  }

  async #apply(instruction: Instruction): Promise<void> {
    const expander = this.expander(instruction);
    switch (instruction.keyword) {
      case "ENV":
      case "LABEL": {
        const pairs = instruction.pairs.map(({ name, value }) => ({ name: expander.word(name), value: expander.word(value) }));
        this.state = instruction.keyword === "ENV" ? image.withEnv(this.state, pairs) : image.withLabels(this.state, pairs);
        return;
      }
      case "ARG":
        this.state = image.withArgs(this.state, this.#args(instruction, expander));
        return;
      case "CMD":
      case "ENTRYPOINT": {
        const { shell, words } = instruction.command;
        const line = shell ? image.shellWords(this.state.config, words) : words;
        this.state = instruction.keyword === "CMD" ? image.withCommand(this.state, line) : image.withEntrypoint(this.state, line);
        return;
      }
      case "SHELL":
        this.state = image.withShell(this.state, instruction.shell);
        return;
      case "EXPOSE":
        this.state = image.withPorts(
          this.state,
          parseExposedPorts(
            this.facts.dockerfile,
            instruction,
            instruction.words.flatMap((word) => expander.words(word)),
          ),
        );
        return;
      case "VOLUME":
        this.state = image.withVolumes(
          this.state,
          instruction.words.map((word) => expander.word(word)),
        );
        return;
      case "USER":
        this.state = image.withUser(this.state, expander.word(instruction.value));
        return;
      case "STOPSIGNAL":
        this.state = image.withStopSignal(this.state, this.#stopSignal(instruction, expander.word(instruction.value)));
        return;
      case "MAINTAINER":
        this.state = image.withMaintainer(this.state, instruction.value);
        return;
      case "HEALTHCHECK": {
        const { line: _, endLine: _end, original: _original, written: _written, ...healthcheck } = instruction;
        this.state = image.withHealthcheck(this.state, healthcheck);
        return;
      }
      case "ONBUILD":
        this.state = image.withTrigger(this.state, instruction.expression);
        return;
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
    }
  }

  expander(instruction: Instruction): Expander {
    const { env } = this.state;
    return new Expander(this.facts.dockerfile, instruction, (name) => env.get(name));
  }

  /** A build argument given wins over the default; without either, a global one of that name. */
  #args(instruction: InstructionOf<"ARG">, expander: Expander) {
    const { options, globalArgs } = this.facts;
    return instruction.args.map(({ name, value }) => ({
      name,
      value: options.buildArgs?.[name] ?? (value === undefined ? globalArgs.get(name) : expander.word(value)),
      visible: !HIDDEN_ARGS.includes(name),
    }));
  }

  #stopSignal(instruction: InstructionOf<"STOPSIGNAL">, signal: string): string {
    try {
      signalNumber(/^\d+$/.test(signal) ? Number(signal) : signal);
      return signal;
    } catch (cause) {
      throw dockerfileError(this.at(instruction), `invalid signal: ${signal}`, { source: instruction.original, cause });
    }
  }

  at(instruction: Pick<Instruction, "line">) {
    return { file: this.facts.dockerfile.file, line: instruction.line };
  }

  stepName(text: string): string {
    const { dockerfile } = this.facts;
    const name = dockerfile.stages.length === 1 ? "" : `${this.stage.from.name ?? `stage-${this.stage.index}`} `;
    return `[${name}${++this.#stepNumber}/${Math.max(this.#stepTotal, this.#stepNumber)}] ${text}`;
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
    const reference = context ? context.image : (source as Source & { kind: "image" }).reference;
    const { id } = await this.#image(reference, undefined, instruction);
    const { diff_ids } = parseOciConfig(await images.content.get(id), id).rootfs;
    cache.use(...diff_ids);
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
