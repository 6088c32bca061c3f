/** What does the work of docker's compose commands that are not served, and where its flags stand. Pure. */
import type { Option } from "./command.js";
import { PROJECT_OPTIONS } from "./compose-flags.js";

const CONTAINER = "PROJECT-SERVICE-1";

const INSTEAD: Readonly<Record<string, string>> = {
  attach: `caisson attach ${CONTAINER}`,
  build: "caisson up --build --no-start [SERVICE...]",
  cp: `caisson cp SOURCE ${CONTAINER}:PATH`,
  create: "caisson up --no-start [SERVICE...]",
  events: "caisson events --filter label=com.docker.compose.project=PROJECT",
  exec: `caisson exec -it ${CONTAINER} COMMAND`,
  images: "caisson compose config --images",
  kill: `caisson kill ${CONTAINER}`,
  ls: "caisson ps --filter label=com.docker.compose.project",
  pause: `caisson pause ${CONTAINER}`,
  port: `caisson port ${CONTAINER}`,
  pull: "caisson up --pull always --no-start [SERVICE...]",
  push: "caisson push IMAGE",
  restart: `caisson restart ${CONTAINER}`,
  rm: `caisson rm ${CONTAINER}`,
  run: "caisson up SERVICE",
  scale: "caisson up -d --scale SERVICE=NUMBER",
  start: "caisson up -d [SERVICE...]",
  stats: `caisson stats ${CONTAINER}`,
  stop: `caisson stop ${CONTAINER}`,
  top: `caisson top ${CONTAINER}`,
  unpause: `caisson unpause ${CONTAINER}`,
  wait: `caisson wait ${CONTAINER}`,
};

/** @param name of a command that `caisson compose` has not */
export function insteadOfCompose(name: string): string | undefined {
  const other = Object.hasOwn(INSTEAD, name) ? INSTEAD[name] : undefined;
  return other && `caisson compose ${name} is not served; use: ${other}`;
}

/** @param flag that stands where a command is expected */
export function placeOfComposeFlag(flag: string): string | undefined {
  const [word = ""] = flag.split("=", 1);
  const known = Object.entries<Option>(PROJECT_OPTIONS).some(
    ([name, { short }]) => word === `--${name}` || (short !== undefined && /^-[^-]/.test(word) && word[1] === short),
  );
  return known ? `${word} belongs to a project: it stands after \`caisson up\`, or after \`caisson compose\`` : undefined;
}
