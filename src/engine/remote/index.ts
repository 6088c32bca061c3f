/** What the rest of the package may import of the remote engine, and does only once it is wanted: one chunk of the bundle. */
export { diagnoseDaemons } from "./detection/diagnose-daemons.js";
export { RemoteEngine, type RemoteEngineOptions } from "./remote-engine.js";
