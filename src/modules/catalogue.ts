/**
 * What well-known images need to be of use without a word of configuration. What the user sets wins over it; the image's own
 * EXPOSE, HEALTHCHECK and STOPSIGNAL fill in what nobody set. One entry a service; classes with more comfort stand beside this file.
 */
import { postgres } from "./postgres.js";
import type { ServiceDefaults } from "./service-defaults.js";

const services: readonly ServiceDefaults[] = [postgres];

/** The entry for an image. */
export function serviceDefaults(image: string): ServiceDefaults | undefined {
  const name = image
    .replace(/@.*$/, "")
    .replace(/:[^:/]*$/, "")
    .split("/")
    .at(-1);
  return services.find(({ images }) => name !== undefined && images.includes(name));
}
