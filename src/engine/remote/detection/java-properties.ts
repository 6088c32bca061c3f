/** `~/.testcontainers.properties`, in the format of java.util.Properties. Pure. */

/** Later lines win, as they do in Java. */
export function parseProperties(text: string): Readonly<Record<string, string>> {
  const properties: Record<string, string> = {};
  // A backslash at the end of a line carries on with the next one, whose leading blanks don't count.
  for (const line of text.replace(/\\\r?\n[ \t\f]*/g, "").split(/\r?\n/)) {
    const [, key, value] = /^[ \t\f]*((?:\\.|[^\\=: \t\f])+)[ \t\f]*[=:]?[ \t\f]*(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined && !/^[#!]/.test(key)) properties[unescaped(key)] = unescaped(value).trimEnd();
  }
  return properties;
}

/** `tcp\://host\:2375`: Java writes them so. */
function unescaped(text: string): string {
  return text.replace(/\\(u([0-9a-f]{4})|.)/gi, (_, escaped: string, code?: string) =>
    code === undefined ? escaped.replace("t", "\t") : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
