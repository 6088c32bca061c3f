/** Connections to a daemon, over undici: unix sockets, named pipes, TCP, TLS, and ssh. */
import type { Duplex } from "node:stream";
import type { buildConnector, Pool } from "undici";
import type { DockerHost } from "../docker-host.js";
import { SshTunnel } from "./ssh-tunnel.js";
import { openPool } from "./undici-pool.js";

/** In PEM. */
export interface TlsFiles {
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** Check the daemon's certificate. */
  readonly verify: boolean;
}

export interface Transport {
  /** What waits (logs, events, wait) holds a connection each, so there is no upper limit to them. */
  readonly pool: Pool;
  /** Cuts every connection, those that were hijacked too where they go through ssh. */
  close(): Promise<void>;
}

const CONNECT_MS = 10_000;
/** Streams that say nothing for hours are fine: an event stream, or the logs of a quiet server. */
const PATIENT = { bodyTimeout: 0, headersTimeout: 0, pipelining: 1, keepAliveTimeout: 30_000 };
/** The daemon's end of the output doesn't end what is still being written to it. */
const DIAL = { timeout: CONNECT_MS, allowHalfOpen: true };

/** Connects to nothing yet. @param environment for ssh */
export function openTransport(host: DockerHost, tls: TlsFiles | undefined, environment: NodeJS.ProcessEnv): Transport {
  switch (host.kind) {
    case "unix":
    case "npipe":
      return ofPool(openPool("http://docker", { ...PATIENT, connect: { ...DIAL, socketPath: host.path } }));
    case "tcp": {
      const name = host.host.includes(":") ? `[${host.host}]` : host.host;
      const origin = `${host.tls ? "https" : "http"}://${name}:${host.port}`;
      return ofPool(openPool(origin, { ...PATIENT, connect: { ...DIAL, ...secureOptions(tls) } }));
    }
    case "ssh": {
      const tunnel = new SshTunnel(host, environment);
      const pool = openPool("http://docker", { ...PATIENT, connect: (_options, callback) => handOver(tunnel.dial(), callback) });
      return { pool, close: async () => void (await Promise.all([pool.destroy(), tunnel.close()])) };
    }
  }
}

function ofPool(pool: Pool): Transport {
  return { pool, close: () => pool.destroy() };
}

function secureOptions(tls: TlsFiles | undefined): Readonly<Record<string, unknown>> {
  return {
    ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls?.certificate === undefined ? {} : { cert: tls.certificate }),
    ...(tls?.key === undefined ? {} : { key: tls.key }),
    rejectUnauthorized: tls?.verify ?? true,
  };
}

/** undici takes any duplex stream for a socket; its types don't say so. */
function handOver(dialled: Promise<Duplex>, callback: buildConnector.Callback): void {
  dialled.then(
    (stream) => callback(null, stream as never),
    (error: Error) => callback(error, null),
  );
}
