/** `caisson/engine`: the contract and how to open an engine, for tools built on top. */
export type * from "./diagnosis.js";
export type * from "./engine.js";
export { abortError, CaissonError, type ErrorCode, type ErrorFacts, isCaissonError, UnsupportedError } from "./errors.js";
export {
  closeDefaultEngine,
  defaultEngine,
  diagnose,
  diagnoseDaemons,
  type OpenEngineOptions,
  openEngine,
  setDefaultEngine,
} from "./open.js";
