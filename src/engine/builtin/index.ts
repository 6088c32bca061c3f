/** What the rest of the package may import of the built-in engine, and does only once it is wanted: one chunk of the bundle. */
export { BuiltinEngine } from "./builtin-engine.js";
export { diagnose } from "./doctor/diagnose.js";
export { openWhereFit } from "./open-where-fit.js";
