/** Versions of the Docker Engine API: `1.` and a number. Pure. */
import { HttpFailure } from "./http-failure.js";

/** Docker 1.12. */
const OLDEST = 24;
/** The newest that is answered. */
const NEWEST = 51;
/** What clients are told, who then speak no newer one. */
const ADVERTISED = 48;

export const ADVERTISED_VERSION = `1.${ADVERTISED}`;
export const OLDEST_VERSION = `1.${OLDEST}`;

/** @param text as in the path, `1.41`; undefined without one @returns what follows `1.` @throws HttpFailure */
export function parseVersion(text: string | undefined): number {
  if (text === undefined) return ADVERTISED;
  const [major = 0, minor = 0] = text.split(".").map(Number);
  if (major < 1 || (major === 1 && minor < OLDEST)) {
    const remedy = "please upgrade your client to a newer version";
    throw new HttpFailure(400, `client version ${text} is too old. Minimum supported API version is ${OLDEST_VERSION}, ${remedy}`);
  }
  if (major > 1 || minor > NEWEST)
    throw new HttpFailure(400, `client version ${text} is too new. Maximum supported API version is 1.${NEWEST}`);
  return minor;
}
