/** Every engine that the contract suite is put to. Another engine is one more line here; what it lacks, it says in `supports`. */
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";

export interface Candidate {
  readonly name: string;
  /** @param home an empty directory for whatever the engine keeps */
  open(home: string): Promise<Engine>;
}

export const ENGINES: readonly Candidate[] = [{ name: "builtin", open: (home) => openEngine({ home, engine: "builtin" }) }];
