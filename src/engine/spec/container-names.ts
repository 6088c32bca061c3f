/** Names and ids of containers. */
import { randomBytes, randomInt } from "node:crypto";
import { optionError } from "../errors.js";

const adjectives = [
  "amber",
  "brisk",
  "calm",
  "deft",
  "eager",
  "fluent",
  "gentle",
  "humble",
  "jolly",
  "keen",
  "lucid",
  "merry",
  "nimble",
  "patient",
  "quiet",
  "robust",
  "sturdy",
  "tidy",
  "vivid",
  "witty",
];
const nouns = [
  "anchor",
  "barge",
  "buoy",
  "caisson",
  "dock",
  "ferry",
  "girder",
  "harbor",
  "jetty",
  "keel",
  "lock",
  "mooring",
  "pier",
  "quay",
  "rudder",
  "sluice",
  "tide",
  "vessel",
  "weir",
  "winch",
];

/** 64 hexadecimal digits. */
export function newContainerId(): string {
  return randomBytes(32).toString("hex");
}

/**
 * Two words and a number: pronounceable, one of four million.
 * @param isTaken of 200 names at once, two are the same in one case out of 200
 */
export function generateName(isTaken: (name: string) => boolean = () => false): string {
  for (;;) {
    const name = `${adjectives[randomInt(adjectives.length)]}_${nouns[randomInt(nouns.length)]}_${randomInt(10_000)}`;
    if (!isTaken(name)) return name;
  }
}

/** Docker's rule for names. @throws OPTION_INVALID */
export function checkName(name: string): string {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) {
    throw optionError("name", name, "at least two characters of [a-zA-Z0-9_.-], the first a letter or digit");
  }
  return name;
}
