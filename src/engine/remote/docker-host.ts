/** What DOCKER_HOST says: how a daemon is reached. Pure. */
import path from "node:path";
import { optionError } from "../errors.js";

export type DockerHost =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "npipe"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly tls: boolean; readonly path: string }
  | {
      readonly kind: "ssh";
      readonly host: string;
      readonly port: number | undefined;
      readonly user: string | undefined;
      readonly path: string | undefined;
    };

const SCHEMES = ["unix:///path/to/docker.sock", "tcp://host:2375", "ssh://user@host", "npipe:////./pipe/docker_engine"];
const PORT = 2375;
const TLS_PORT = 2376;

/**
 * @param options.tls a `tcp://` address is spoken to with TLS
 * @param options.option who says so, for errors. @default "DOCKER_HOST"
 * @throws OPTION_INVALID
 */
export function parseDockerHost(text: string, options: { readonly tls?: boolean; readonly option?: string } = {}): DockerHost {
  const { tls = false, option = "DOCKER_HOST" } = options;
  const host = parse(text.trim(), tls);
  if (!host) throw optionError(option, text, "the address of a daemon", SCHEMES);
  return host;
}

function parse(text: string, tls: boolean): DockerHost | undefined {
  const [, scheme = "", rest = ""] = /^([a-z]+):\/\/(.*)$/i.exec(text) ?? [];
  switch (scheme.toLowerCase()) {
    case "unix":
      return rest.startsWith("/") && rest !== "/" ? { kind: "unix", path: path.posix.normalize(rest) } : undefined;
    case "npipe":
      return rest === "" ? undefined : { kind: "npipe", path: rest.replaceAll("/", "\\") };
    case "tcp":
    case "http":
    case "https":
      return tcpHost(rest, tls || scheme.toLowerCase() === "https");
    case "ssh":
      return sshHost(text);
    default:
      return undefined;
  }
}

function tcpHost(rest: string, tls: boolean): DockerHost | undefined {
  const url = urlOf(`http://${rest}`);
  if (!url || url.username !== "") return undefined;
  // URLs leave out the port that is their scheme's own.
  const port = url.port !== "" ? Number(url.port) : /^[^/]*:80(\/|$)/.test(rest) ? 80 : tls ? TLS_PORT : PORT;
  return { kind: "tcp", host: url.hostname.replace(/^\[|\]$/g, ""), port, tls, path: url.pathname.replace(/\/+$/, "") };
}

/**
 * Arguments of ssh, which may hand them to a shell (ProxyCommand), the path to one on the other side: what begins with a dash would be an
 * option (CVE-2017-1000117 and its kin), other characters could be commands (CVE-2023-51385).
 */
const SSH_WORD = /^[\w.:%@+][\w.:%@+-]*$/;
const SSH_PATH = /^\/[\w./@+-]+$/;

function sshHost(text: string): DockerHost | undefined {
  const url = urlOf(text);
  if (!url) return undefined;
  const [host, user, socket] = [url.hostname.replace(/^\[|\]$/g, ""), url.username, url.pathname].map(decoded);
  const words = [host, ...(user === "" ? [] : [user])].every((word) => SSH_WORD.test(word ?? "-"));
  if (!words || (socket !== "" && socket !== "/" && !SSH_PATH.test(socket ?? ""))) return undefined;
  return {
    kind: "ssh",
    host: host!,
    port: url.port === "" ? undefined : Number(url.port),
    user: user === "" ? undefined : user,
    path: socket === "" || socket === "/" ? undefined : socket,
  };
}

function urlOf(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && url.hostname !== "" && url.password === "" && url.search === "" && url.hash === "" ? url : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

export function dockerHostText(host: DockerHost): string {
  switch (host.kind) {
    case "unix":
      return `unix://${host.path}`;
    case "npipe":
      return `npipe://${host.path.replaceAll("\\", "/")}`;
    case "tcp":
      return `tcp://${host.host.includes(":") ? `[${host.host}]` : host.host}:${host.port}${host.path}`;
    case "ssh":
      return `ssh://${host.user === undefined ? "" : `${host.user}@`}${host.host}${host.port === undefined ? "" : `:${host.port}`}${host.path ?? ""}`;
  }
}
