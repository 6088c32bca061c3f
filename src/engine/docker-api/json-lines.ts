/** Streams of JSON objects, as of pull, push, build, events and stats: one after the other, usually with line ends between them. */

/** The longest object that is read, in bytes. */
const LINE_MAX = 16 << 20;

/** @throws SyntaxError for what is no JSON, RangeError for an object without end */
export async function* readJsonLines<T>(source: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of source) {
    text += decoder.decode(chunk, { stream: true });
    let end = text.indexOf("\n");
    while (end !== -1) {
      const line = text.slice(0, end).trim();
      text = text.slice(end + 1);
      if (line !== "") yield JSON.parse(line) as T;
      end = text.indexOf("\n");
    }
    if (text.length > LINE_MAX) throw new RangeError(`A line of more than ${LINE_MAX} bytes`);
  }
  const rest = (text + decoder.decode()).trim();
  if (rest !== "") yield JSON.parse(rest) as T;
}

/** A line of progress as pull, push, load and build write it (moby pkg/jsonmessage). */
export interface ProgressLine {
  readonly id?: string;
  readonly status?: string;
  readonly stream?: string;
  readonly error?: string;
  readonly errorDetail?: { readonly code?: number; readonly message?: string };
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly aux?: unknown;
}
