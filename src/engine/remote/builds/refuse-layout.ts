import { LAYOUT_CONTEXT } from "../../build-context/image-contexts.js";
import { UnsupportedError } from "../../errors.js";

/** Daemons can't be shown an OCI layout of this host. @throws UNSUPPORTED */
export function refuseLayout(name: string, value: string): void {
  if (!value.startsWith(LAYOUT_CONTEXT)) return;
  throw new UnsupportedError(
    "remote",
    `contexts.${name}`,
    "BuildKit behind the API has no access to a layout of this host",
    "Load it first, and name it with docker-image://.",
  );
}
