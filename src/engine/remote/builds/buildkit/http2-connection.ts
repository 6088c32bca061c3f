/** Connections as Node's HTTP/2 can carry on with them. */
import { Duplex } from "node:stream";

/**
 * A TLS socket that has not agreed on HTTP/2 by ALPN would be refused by a server, and its native handle, which a client takes over,
 * aborts the process when two writes meet in it (`Assertion failed: !current_write_`, Node 20). As a plain stream it is neither.
 */
export function http2Connection(connection: Duplex): Duplex {
  return "alpnProtocol" in connection ? Duplex.from({ readable: connection, writable: connection }) : connection;
}
