/** What the rest of the package may import of the built-in engine, and does only once it is wanted: one chunk of the bundle. */
import type { Probe } from "../diagnosis.js";
import type { DiagnoseOptions } from "./doctor/diagnose.js";

export { BuiltinEngine } from "./builtin-engine.js";
export { findObstacle, openWhereFit } from "./open-where-fit.js";

export async function diagnose(options: DiagnoseOptions): Promise<readonly Probe[]> {
  const doctor = await import("./doctor/diagnose.js");
  return doctor.diagnose(options);
}
