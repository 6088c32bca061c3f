/** `caisson`: the public face, nothing else. */
export { type BindMount, Container } from "./container/container.js";
export { type ExecOptions, type ExecResult, StartedContainer } from "./container/started-container.js";
export { CaissonError, type ErrorCode, type ErrorFacts, isCaissonError, UnsupportedError } from "./engine/errors.js";
export type { LogLine } from "./wait/log-lines.js";
export { Wait } from "./wait/wait.js";
export { type WaitAttempt, WaitFailure, WaitStrategy } from "./wait/wait-strategy.js";
export type { WaitTarget } from "./wait/wait-target.js";
