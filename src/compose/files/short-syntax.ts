/** The short notations of ports and volumes, taken apart. Pure. */

export interface ShortPort {
  readonly hostIp: string | undefined;
  /** A port or a range, as text. */
  readonly published: string | undefined;
  readonly target: string;
  readonly protocol: string;
}

const PORT = /^(?:(?:(\[[0-9a-f:.]+\]|[0-9.]+):)?(\d*|\d+-\d+):)?(\d+(?:-\d+)?)(?:\/([a-z]+))?$/i;

/** `80`, `8080:80`, `127.0.0.1:8080-8082:80-82/udp`, `[::1]::80`. @returns undefined where it is none */
export function splitPort(text: string): ShortPort | undefined {
  const [, hostIp, published, target, protocol = "tcp"] = PORT.exec(text.trim()) ?? [];
  if (target === undefined) return undefined;
  return { hostIp: hostIp?.replace(/^\[|\]$/g, ""), published: published || undefined, target, protocol: protocol.toLowerCase() };
}

export interface ShortVolume {
  readonly source: string | undefined;
  readonly target: string;
  readonly options: readonly string[];
}

/** `/target`, `name:/target`, `./path:/target:ro,z`. @returns undefined where it is none */
export function splitVolume(text: string): ShortVolume | undefined {
  const parts = text.split(":");
  const [first = "", second, options = ""] = parts;
  if (parts.length > 3 || first === "" || second === "") return undefined;
  if (second === undefined) return { source: undefined, target: first, options: [] };
  return { source: first, target: second, options: options.split(",").filter(Boolean) };
}

/** `NAME=VALUE`, or `NAME` alone. */
export function splitPair(text: string, separator = "="): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
