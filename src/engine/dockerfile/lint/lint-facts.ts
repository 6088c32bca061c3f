/** What checks know besides the Dockerfile. */

import type { IgnoreFile } from "../../build-context/ignore-file.js";
import type { Platform } from "../../oci/platform.js";
import type { OuterArguments } from "../apply-configuration.js";
import type { Surroundings } from "../stage-graph.js";

export interface LintFacts extends Surroundings, OuterArguments {
  readonly platformArgs: Readonly<Record<string, string>>;
  /** Of the build. */
  readonly target: Platform;
  /** What is left out of the main context. */
  readonly ignore: IgnoreFile;
}
