/** What the caller knows of its request: names it in errors, where the daemon's text does not. */
import type { RegistryFacts } from "./images/registry-failure.js";

export interface RequestFacts {
  /** `"Starting container 0123456789ab"` */
  readonly doing: string;
  readonly container?: string | undefined;
  readonly image?: string | undefined;
  readonly network?: string | undefined;
  readonly volume?: string | undefined;
  /** A path of the container that is copied from or to. */
  readonly copy?: string | undefined;
  /** The daemon asks a registry on behalf of this request. */
  readonly registry?: RegistryFacts | undefined;
}
