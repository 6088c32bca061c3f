/** `--build-context NAME=VALUE`: an image, a directory, a git repository or a URL, opened when something is taken from it. */

import { ContextTree } from "../../../build-context/context-tree.js";
import { DigestCache } from "../../../build-context/digest-cache.js";
import type { FileTree } from "../../../build-context/file-tree.js";
import { IMAGE_CONTEXT, imageContextNames, LAYOUT_CONTEXT } from "../../../build-context/image-contexts.js";
import { existingDirectory, readIgnoreFile } from "../../../build-context/local-context.js";
import type { BuildOptions } from "../../../engine.js";
import type { ImageStore } from "../../images/image-store.js";
import { loadLayout } from "./oci-layout.js";
import { type ContextParts, directoryOfFile, openRemote } from "./remote-context.js";

export type NamedContext = { readonly files: FileTree } | { readonly image: string };

export interface NamedContexts {
  readonly byName: ReadonlyMap<string, () => Promise<NamedContext>>;
  /** Names of those that are images. */
  readonly images: ReadonlySet<string>;
  /** Keeps what was learnt of their files. */
  save(): Promise<void>;
}

export function namedContexts(options: BuildOptions, images: ImageStore, parts: ContextParts): NamedContexts {
  const digests: DigestCache[] = [];
  const open = async (name: string, value: string): Promise<NamedContext> => {
    const option = `contexts.${name}`;
    if (value.startsWith(IMAGE_CONTEXT)) return { image: value.slice(IMAGE_CONTEXT.length) };
    if (value.startsWith(LAYOUT_CONTEXT))
      return { image: await loadLayout(option, value.slice(LAYOUT_CONTEXT.length), options.platform, images, parts.signal) };
    const remote = await openRemote(value, options, parts);
    if (remote) {
      const directory = "directory" in remote ? remote.directory : await directoryOfFile(remote.file, parts);
      return { files: new ContextTree(directory, await readIgnoreFile(directory), DigestCache.forgetful()) };
    }
    const directory = await existingDirectory(value, option);
    const known = await DigestCache.open(parts.cache.contexts, directory);
    digests.push(known);
    return { files: new ContextTree(directory, await readIgnoreFile(directory), known) };
  };
  const named = Object.entries(options.contexts ?? {});
  const byName = new Map(named.map(([name, value]) => [name, once(() => open(name, value))]));
  return {
    byName,
    images: imageContextNames(options.contexts),
    save: async () => {
      await Promise.all(digests.map((known) => known.save()));
    },
  };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}
