/** What containers get of the kernel where it has it, and can do without. */
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";

export interface KernelFeature {
  /** Why this kernel does not give it, once that was seen. */
  missing: string | undefined;
}

/** Runs what may fail for want of the feature alone, as its phase says; then notes that this kernel has none, and runs it again without. */
export async function whereAvailable<T>(feature: KernelFeature, phase: number, run: (available: boolean) => Promise<T>): Promise<T> {
  if (feature.missing !== undefined) return run(false);
  try {
    return await run(true);
  } catch (error) {
    if (!(error instanceof SupervisorFailure) || error.phase !== phase) throw error;
    feature.missing = error.message;
    return run(false);
  }
}
