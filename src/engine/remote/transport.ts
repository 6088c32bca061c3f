/** Connections to a daemon, over undici: unix sockets, TCP, TLS, and the standard streams of ssh. */
import { spawn } from "node:child_process";
import { connect as connectSocket } from "node:net";
import { Duplex } from "node:stream";
import { type buildConnector, Pool } from "undici";
import type { DockerHost } from "./docker-host.js";

export interface TlsFiles {
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** Check the daemon's certificate. */
  readonly verify: boolean;
}

/** Connections kept at once; what waits (logs, events, wait) holds one each, so there is no upper limit to them. */
const CONNECT_MS = 10_000;

export function openTransport(host: DockerHost, tls: TlsFiles | undefined): Pool {
  // Streams that say nothing for hours are fine: an event stream, or the logs of a quiet server.
  const patient = { bodyTimeout: 0, headersTimeout: 0, pipelining: 1, keepAliveTimeout: 30_000 };
  switch (host.kind) {
    case "unix":
    case "npipe":
      return new Pool("http://docker", { ...patient, connect: { socketPath: host.path, timeout: CONNECT_MS } });
    case "tcp": {
      const name = host.host.includes(":") ? `[${host.host}]` : host.host;
      const secure = {
        timeout: CONNECT_MS,
        ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
        ...(tls?.certificate === undefined ? {} : { cert: tls.certificate }),
        ...(tls?.key === undefined ? {} : { key: tls.key }),
        rejectUnauthorized: tls?.verify ?? true,
      };
      return new Pool(`${host.tls ? "https" : "http"}://${name}:${host.port}`, { ...patient, connect: secure });
    }
    case "ssh":
      return new Pool("http://docker", { ...patient, connect: (_options, callback) => void dialOverSsh(host, callback) });
  }
}

/** As the docker command does it: the other side's `docker system dial-stdio` joins its streams to the daemon's socket. */
function dialOverSsh(host: Extract<DockerHost, { kind: "ssh" }>, callback: buildConnector.Callback): void {
  const remote = ["docker", ...(host.path === undefined ? [] : ["--host", `unix://${host.path}`]), "system", "dial-stdio"];
  const args = [
    ...(host.user === undefined ? [] : ["-l", host.user]),
    ...(host.port === undefined ? [] : ["-p", String(host.port)]),
    ...["-o", "ConnectTimeout=10", "-T", "--", host.host],
    ...remote,
  ];
  const child = spawn("ssh", args, { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2000);
  });
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  child.once("error", (error) => stream.destroy(error));
  child.once("exit", (code) => {
    if (code !== 0) stream.destroy(new Error(`ssh to ${host.host} ended with exit code ${code}${said === "" ? "" : `: ${said.trim()}`}`));
  });
  stream.once("close", () => child.kill());
  callback(null, stream as never);
}

/** A plain connection beside the pool: what is hijacked is never given back. */
export function dialUnix(path: string): ReturnType<typeof connectSocket> {
  return connectSocket({ path, allowHalfOpen: true });
}
