/**
 * What can't hold where a user has no subordinate ids, by the tests of the contract that show it: every file belongs to the one id, and every
 * process has it. As the daemons' faults are: each of these tests is run, and must fail.
 */
import type { DaemonFault } from "./daemon-faults.js";

const OWNERS = "Files have one owner: others are kept for archives alone.";
const GROUPS = "There is no other group to be in.";
const ONE_ID = "The host sees the one id, whatever the container's own namespace makes of it.";
const TMPFS = "A tmpfs belongs to the one id, whoever it was asked for.";
const CHOWN = "The test gives a file to another id.";

const LIMITS: readonly (readonly [file: string, test: string, why: string])[] = [
  ["builds-cache.test.ts", "COPY: files of the context > its owner does not", CHOWN],
  ["builds-language.test.ts", "COPY --parents > works on stages, and keeps the directories' modes and owners", OWNERS],
  ["builds-mounts.test.ts", "binds > keep the mode and owner of what they show", OWNERS],
  ["builds-mounts.test.ts", "caches > begin as a copy of what from and source name, and keep what is written", OWNERS],
  ["builds-mounts.test.ts", "caches > begin empty, with the mode and owner that are asked for", OWNERS],
  ["builds-mounts.test.ts", "secrets > come from files, values and variables, and are mounted where and how they are asked for", OWNERS],
  ["builds-remote.test.ts", "ADD of URLs > names the file by the URL's path, and keeps its time", OWNERS],
  ["builds-remote.test.ts", "ADD of archives > unpacks them however they are compressed, and only what is really one", OWNERS],
  ["builds-remote.test.ts", "git > ADD takes a branch, a tag, a commit, a directory of a repository", OWNERS],
  ["builds.test.ts", "COPY and ADD > ADD unpacks archives of the context, whatever they are called, and nothing else", OWNERS],
  ["builds.test.ts", "RUN > secrets are seen by the command alone, as a file or a variable, and change no key", OWNERS],
  ["isolation.test.ts", "a process > is in the groups that it was given, by name and number", GROUPS],
  ["mounts.test.ts", "a part of a volume > is a directory, filled as a volume is, or a file", OWNERS],
  ["mounts.test.ts", "an anonymous volume > asked for by a mount is a place that is no overlay, filled from the image", OWNERS],
  ["mounts.test.ts", "an empty volume > is filled once when many containers start at once, and each sees all of it", OWNERS],
  ["mounts.test.ts", "an empty volume > takes the owner and the mode of an empty directory", OWNERS],
  ["mounts.test.ts", "an empty volume > takes what the image has there: contents, links, owners and modes, once", OWNERS],
  ["mounts.test.ts", "memory > is mounted with the size, the mode and the options that were asked for", TMPFS],
  ["observation.test.ts", "top > lists processes as the container and as the host see them", ONE_ID],
];

export const SINGLE_ID_LIMITS: readonly DaemonFault[] = LIMITS.map(([file, test, fault]) => ({ engines: ["builtin"], file, test, fault }));
