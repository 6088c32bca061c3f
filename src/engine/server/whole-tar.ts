/** Tars of docker's command line that lack their end: it closes the pipe before the last entry's padding (moby's ReplaceFileTarWrapper). */

const BLOCK = 512;
const MAGIC = Buffer.from("ustar");
const MAGIC_AT = 257;

/** A plain tar that stops within a block gets the rest of it, and the two blocks that end a tar. Whatever else it is stays as it is. */
export async function* wholeTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Buffer = Buffer.alloc(0);
  let length = 0;
  for await (const chunk of source) {
    if (head.length < BLOCK) head = Buffer.concat([head, chunk.subarray(0, BLOCK - head.length)]);
    length += chunk.length;
    yield chunk;
  }
  const open = length % BLOCK;
  if (open > 0 && head.subarray(MAGIC_AT, MAGIC_AT + MAGIC.length).equals(MAGIC)) yield Buffer.alloc(BLOCK - open + 2 * BLOCK);
}
