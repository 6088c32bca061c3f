/** Every route of the API. Of two that fit a request, the first one counts. */
import type { Route } from "../router.js";
import type { ServerContext } from "../server-context.js";
import { archiveRoutes } from "./archive.js";
import { buildRoutes } from "./build.js";
import { containerStreamRoutes } from "./container-streams.js";
import { containerRoutes } from "./containers.js";
import { execRoutes } from "./exec.js";
import { imageRoutes } from "./images.js";
import { networkRoutes } from "./networks.js";
import { systemRoutes } from "./system.js";
import { unservedRoutes } from "./unserved.js";
import { volumeRoutes } from "./volumes.js";

export function routes(context: ServerContext): readonly Route[] {
  return [
    ...systemRoutes(context),
    ...containerRoutes(context),
    ...containerStreamRoutes(context),
    ...archiveRoutes(context),
    ...execRoutes(context),
    ...imageRoutes(context),
    ...buildRoutes(context),
    ...networkRoutes(context),
    ...volumeRoutes(context),
    ...unservedRoutes(),
  ];
}
