/** What checks know besides the Dockerfile. */
import type { Platform } from "../../images/platform.js";
import type { OuterArguments } from "../apply-configuration.js";
import type { IgnoreFile } from "../context/ignore-file.js";
import type { Surroundings } from "../stage-graph.js";

export interface LintFacts extends Surroundings, OuterArguments {
  readonly platformArgs: Readonly<Record<string, string>>;
  /** Of the build. */
  readonly target: Platform;
  /** What is left out of the main context. */
  readonly ignore: IgnoreFile;
}
