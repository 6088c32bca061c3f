/** Where a server listens: `unix:///path`, `tcp://host:port`. Pure. */
import { optionError } from "../errors.js";

export type ListenAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

const SHAPES = ["unix:///run/caisson.sock", "tcp://127.0.0.1:2376"];
/** sockaddr_un holds no more, the closing zero included: unix(7). */
const PATH_MAX = 107;

/** @throws OPTION_INVALID */
export function parseListenAddress(text: string): ListenAddress {
  const unix = /^unix:\/\/(\/.+)$/.exec(text)?.[1];
  if (unix !== undefined) {
    if (Buffer.byteLength(unix) > PATH_MAX) throw optionError("host", text, `a path of at most ${PATH_MAX} bytes`);
    return { kind: "unix", path: unix };
  }
  const [, host, port] = /^tcp:\/\/(\[[0-9a-fA-F:.]+\]|[^:/]*):(\d{1,5})\/?$/.exec(text) ?? [];
  if (host === undefined || port === undefined || Number(port) > 65_535) throw optionError("host", text, "an address to listen on", SHAPES);
  return { kind: "tcp", host: host.replace(/^\[|\]$/g, "") || "0.0.0.0", port: Number(port) };
}
