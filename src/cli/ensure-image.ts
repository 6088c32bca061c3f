/** The image of a container that is about to be made: here already, or fetched now. */
import type { Engine } from "../engine/engine.js";
import { isCaissonError, optionError } from "../engine/errors.js";
import { showProgress } from "./progress.js";
import type { Terminal } from "./terminal.js";

export interface EnsureImageOptions {
  readonly pull?: string | undefined;
  readonly platform?: string | undefined;
  readonly quiet?: boolean | undefined;
  readonly terminal: Terminal;
}

const POLICIES = ["missing", "always", "never"];

/** @throws OPTION_INVALID, IMAGE_NOT_FOUND, REGISTRY_* */
export async function ensureImage(engine: Engine, reference: string, options: EnsureImageOptions): Promise<void> {
  const { pull = "missing", platform, quiet = false, terminal } = options;
  if (!POLICIES.includes(pull)) throw optionError("--pull", pull, "when to fetch the image", POLICIES);
  if (pull !== "always" && (await isHere(engine, reference, pull === "never"))) return;
  const progress = showProgress(terminal, quiet);
  try {
    await engine.images.pull(reference, { platform, progress: progress.report });
  } finally {
    progress.finish();
  }
}

async function isHere(engine: Engine, reference: string, must: boolean): Promise<boolean> {
  try {
    await engine.images.inspect(reference);
    return true;
  } catch (error) {
    if (!must && isCaissonError(error, "IMAGE_NOT_FOUND")) return false;
    throw error;
  }
}
