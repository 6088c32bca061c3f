/** What DOCKER_HOST says: how a daemon is reached, and under which name its published ports are. Pure. */
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

/** @param tls DOCKER_TLS_VERIFY is set @throws OPTION_INVALID */
export function parseDockerHost(text: string, tls = false): DockerHost {
  const [, scheme = "", rest = ""] = /^([a-z]+):\/\/(.*)$/i.exec(text) ?? [];
  switch (scheme.toLowerCase()) {
    case "unix":
      if (!rest.startsWith("/")) throw invalid(text);
      return { kind: "unix", path: path.posix.normalize(rest) };
    case "npipe":
      return { kind: "npipe", path: rest.replaceAll("/", "\\") };
    case "tcp":
    case "http":
    case "https":
      return tcpHost(text, rest, tls || scheme.toLowerCase() === "https");
    case "ssh":
      return sshHost(text);
    default:
      throw invalid(text);
  }
}

function tcpHost(text: string, rest: string, tls: boolean): DockerHost {
  const url = urlOf(text, `http://${rest}`);
  const port = url.port === "" ? (tls ? TLS_PORT : PORT) : Number(url.port);
  return { kind: "tcp", host: url.hostname.replace(/^\[|\]$/g, ""), port, tls, path: url.pathname.replace(/\/+$/, "") };
}

function sshHost(text: string): DockerHost {
  const url = urlOf(text, text);
  // Passed to ssh as an argument: what begins with a dash would be an option there (CVE-2017-1000117 and its kin).
  if (/^-/.test(decodeURIComponent(url.hostname)) || /^-/.test(decodeURIComponent(url.username))) throw invalid(text);
  return {
    kind: "ssh",
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? undefined : Number(url.port),
    user: url.username === "" ? undefined : decodeURIComponent(url.username),
    path: url.pathname === "" || url.pathname === "/" ? undefined : url.pathname,
  };
}

function urlOf(text: string, candidate: string): URL {
  const url = URL.canParse(candidate) ? new URL(candidate) : undefined;
  if (!url || url.hostname === "" || url.password !== "") throw invalid(text);
  return url;
}

function invalid(text: string): Error {
  return optionError("DOCKER_HOST", text, "the address of a daemon", SCHEMES);
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

/** Under which name published ports are reached from here. @param gateway where this process is in a container itself: the address of its host */
export function publishedHost(host: DockerHost, gateway: string | undefined): string {
  if (host.kind === "tcp" || host.kind === "ssh") return host.host;
  return gateway ?? "localhost";
}
