/** How ssh is called, and what runs on the other side. Pure. */
import type { DockerHost } from "../docker-host.js";

export type SshHost = Extract<DockerHost, { kind: "ssh" }>;

/**
 * Nothing prompts (BatchMode), nothing is shared with other sshs of the user (ControlMaster), nothing of this machine is lent to the
 * other, and a connection that was cut is noticed within a minute.
 */
const OPTIONS = [
  "BatchMode=yes",
  "ConnectTimeout=10",
  "ControlMaster=no",
  "ControlPath=none",
  "ServerAliveInterval=15",
  "ServerAliveCountMax=3",
  "ForwardAgent=no",
  "ForwardX11=no",
  "PermitLocalCommand=no",
  "RequestTTY=no",
];

export function sshArguments({ host, user, port }: SshHost, options: readonly string[], command: string): readonly string[] {
  return [
    ...OPTIONS.flatMap((option) => ["-o", option]),
    ...(user === undefined ? [] : ["-l", user]),
    ...(port === undefined ? [] : ["-p", String(port)]),
    ...options,
    ...["--", host, command],
  ];
}

/** @param local @param remote sockets, the first of them to be made by ssh for its user alone */
export function forwardOptions(local: string, remote: string): readonly string[] {
  return ["-o", "ExitOnForwardFailure=yes", "-o", "StreamLocalBindMask=0177", "-L", `${local}:${remote}`];
}

/** As the docker command does it: the other side's docker joins its standard streams to the daemon that it would use itself. */
export function dialStdioCommand({ path }: SshHost): string {
  return ["docker", ...(path === undefined ? [] : ["--host", `unix://${path}`]), "system", "dial-stdio"].join(" ");
}

/** First words of the lines with which the other side answers. */
export const FOUND = "caisson-socket";
export const DENIED = "caisson-denied";
export const NONE = "caisson-none";

const PLACES = ["$named", "/var/run/docker.sock", "$run/docker.sock", "$run/podman/podman.sock", "/run/podman/podman.sock"];

/**
 * Says which socket there can be used, then stays until standard input ends. For any login shell: all of it is one word in single quotes.
 * @param path the only one that will do
 */
export function findSocketCommand({ path }: SshHost): string {
  const script = [
    "case $DOCKER_HOST in unix://*) named=$(echo $DOCKER_HOST | cut -c 8-);; *) named=;; esac;",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the other side's shell expands it
    "run=${XDG_RUNTIME_DIR:-/run/user/$(id -u)};",
    `for socket in ${path ?? PLACES.join(" ")}; do`,
    `if [ -S "$socket" ]; then if [ -w "$socket" ]; then echo ${FOUND} $socket; exec cat >/dev/null; fi; echo ${DENIED} $socket; fi;`,
    `done; echo ${NONE}`,
  ].join(" ");
  return `exec sh -c '${script}'`;
}
