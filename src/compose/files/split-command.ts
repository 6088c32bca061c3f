/** A command line of a Compose file as its arguments: quotes and backslashes as in a shell, and nothing else of one. Pure. */

/** @returns undefined where a quote is not closed */
export function splitCommand(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let index = 0; index < line.length; index++) {
    const char = line[index]!;
    if (char === "\\" && quote !== "'") {
      const next = line[index + 1];
      // Within double quotes it is itself, unless it keeps one of these from its meaning.
      const escapes = quote === "" || (next !== undefined && '"\\$`'.includes(next));
      word = (word ?? "") + (escapes ? (next ?? "") : char);
      if (escapes) index++;
    } else if (quote !== "") {
      if (char === quote) quote = "";
      else word += char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + char;
  }
  if (word !== undefined) words.push(word);
  return quote === "" ? words : undefined;
}
