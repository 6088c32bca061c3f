/** Paths of the API below one container. */

/** @param rest `"/json"`, `"/start"` */
export function containerPath(container: string, rest = ""): string {
  return `/containers/${encodeURIComponent(container)}${rest}`;
}
