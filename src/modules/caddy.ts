/** Caddy: without a site that has a name, nothing listens on the port of HTTPS that the image exposes (https://hub.docker.com/_/caddy). */
import type { ServiceDefaults } from "./service-defaults.js";

export const caddy: ServiceDefaults = { images: ["caddy"], ports: [80] };
