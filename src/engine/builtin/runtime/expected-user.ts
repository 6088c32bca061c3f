/**
 * Who an image's service runs as in the end. Entry points of official images start as root, prepare directories and run themselves again as
 * another user; in a user namespace of a single id that change does nothing, and a service that refuses root, or an entry point that looks
 * who it is, would never get further. Such a container is run as that user from the beginning. Pure: a rule on the script's text.
 */
import type { UserDatabase } from "./users.js";

/** `exec gosu USER`, `exec su-exec USER:GROUP`, `exec setpriv --reuid=USER`, `exec runuser -u USER`, `exec chroot --userspec=USER`. */
const CHANGES = [
  /\bexec\s+(?:gosu|su-exec)\s+["']?([a-z_][\w-]*)/,
  /\bexec\s+setpriv\s[^\n;|&]*?--reuid[= ]["']?([a-z_][\w-]*)/,
  /\bexec\s+runuser\s[^\n;|&]*?(?:-u\s*|--user[= ])["']?([a-z_][\w-]*)/,
  /\bexec\s+chroot\s[^\n;|&]*?--userspec[= ]["']?([a-z_][\w-]*)/,
];

/**
 * @param script text of the program that a container starts with
 * @returns a name that is in the container's /etc/passwd and isn't root's; undefined where the script changes to none
 */
export function expectedUser(script: string, users: UserDatabase): string | undefined {
  if (!script.startsWith("#!")) return undefined;
  return CHANGES.map((change) => change.exec(script)?.[1]).find((name) =>
    users.passwd.some((entry) => entry.name === name && entry.uid !== 0),
  );
}

/** Where the program of a command line may be, relative to the root. */
export function programPlaces(program: string, searchPath: string): readonly string[] {
  const places = program.includes("/") ? [program] : searchPath.split(":").map((directory) => `${directory}/${program}`);
  return places.filter((place) => place.startsWith("/")).map((place) => place.slice(1));
}
