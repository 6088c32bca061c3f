/** Archives that ADD unpacks, told by what is in them: a tar, plain or compressed. */

import { isTar } from "../../../build-context/tar-header.js";
import { decompress } from "../../../oci/decompress.js";
import { type Selected, selectedFiles } from "./copy-selection.js";

export interface AddedArchive {
  /** The plain tar, read anew at every call. */
  tar(): AsyncIterable<Uint8Array>;
}

/** Undefined for a file that is no archive. */
export async function findArchive(selected: Selected): Promise<AddedArchive | undefined> {
  const tar = async function* (): AsyncGenerator<Uint8Array> {
    for await (const file of selectedFiles(selected, [])) yield* decompress(file.contents());
  };
  try {
    return (await isTar(tar())) ? { tar } : undefined;
  } catch {
    return undefined; // it only looked compressed, or is in a way that nobody here reads: a file like any other
  }
}
