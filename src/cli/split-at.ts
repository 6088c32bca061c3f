/** At the first separator; without one, all is left of it. */
export function splitAt(text: string, separator: string): [left: string, right: string] {
  const index = text.indexOf(separator);
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + separator.length)];
}

/** `["a=b", "c"]` as `{ a: "b", c: "" }`. */
export function pairs(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(texts.map((text) => splitAt(text, "=")));
}
