/** `WWW-Authenticate` of registries (RFC 9110 section 11.6.1; the distribution project's token authentication). Pure. */

export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Every challenge of the header, in its order. What can't be read is left out. */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  // Either `name=value` of the present challenge, or the scheme of the next.
  const token = /\s*,?\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]+))?/gy;
  for (let match = token.exec(header); match; match = token.exec(header)) {
    const [, name = "", value] = match;
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: {} });
    else {
      const current = challenges.at(-1);
      if (current) current.parameters[name.toLowerCase()] = unquote(value);
    }
  }
  return challenges;
}

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
}
