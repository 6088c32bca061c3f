/** What there is to be read of a context that is a tar, without unpacking it. */
import path from "node:path";
import { Readable } from "node:stream";
import type { BuildOptions } from "../engine.js";
import { CaissonError } from "../errors.js";
import { IgnoreFile } from "./ignore-file.js";
import { DEFAULT_DOCKERFILE, IGNORE_FILE, type ReadDockerfile } from "./local-context.js";
import { tarEntries } from "./tar-entries.js";

/** As many links as Linux follows (path_resolution(7)). */
const MAX_LINKS = 40;

/**
 * As `readDockerfile` of a directory: links count within the tar.
 * @param open the plain tar, from its beginning at every call
 * @throws PATH_NOT_FOUND, OPTION_INVALID, LAYER_INVALID for what is no tar
 */
export async function readTarDockerfile(
  open: () => AsyncIterable<Uint8Array>,
  { dockerfile, dockerfileText }: Pick<BuildOptions, "dockerfile" | "dockerfileText">,
): Promise<ReadDockerfile> {
  const file = dockerfile ?? DEFAULT_DOCKERFILE;
  const own = dockerfileText !== undefined && dockerfile === undefined ? [] : [`${file}.dockerignore`];
  const rules = [...own, IGNORE_FILE];
  const texts = await textsOf(open, [file, ...rules]);
  const text = dockerfileText ?? texts.get(file);
  if (text === undefined) {
    throw new CaissonError("PATH_NOT_FOUND", `The Dockerfile ${file} can't be read: the context, a tar, has no such file`, {
      facts: { path: file },
      remedy: dockerfile === undefined ? "Name it with the option `dockerfile` (-f)." : undefined,
    });
  }
  const ruled = rules.find((name) => texts.has(name));
  const ignore = ruled === undefined ? IgnoreFile.parse("") : IgnoreFile.parse(texts.get(ruled)!, path.posix.basename(ruled));
  return { file, text, ignore };
}

/** The files among these names, by them. What comes later in a tar takes the place of what was there. */
async function textsOf(open: () => AsyncIterable<Uint8Array>, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const links = new Map<string, Link>();
  await eachEntry(open(), async ({ name, link }) => {
    if (link) links.set(name, link);
    else links.delete(name);
  });
  const places = new Map(names.map((name) => [name, followed(clean(name), links)]));
  const wanted = new Set(places.values());
  const found = new Map<string, string>();
  await eachEntry(open(), async ({ name, link, contents }) => {
    if (!wanted.has(name)) return;
    if (link || !contents) found.delete(name);
    else found.set(name, Buffer.concat(await contents()).toString("utf8"));
  });
  return new Map(
    names.flatMap((name) => {
      const text = found.get(places.get(name) ?? "");
      return text === undefined ? [] : [[name, text] as const];
    }),
  );
}

interface Link {
  readonly target: string;
  /** Otherwise the target is seen from the link's directory. */
  readonly fromTop: boolean;
}

interface Entry {
  /** From the top, cleaned. */
  readonly name: string;
  readonly link: Link | undefined;
  /** Of files. */
  readonly contents: (() => Promise<Buffer[]>) | undefined;
}

async function eachEntry(tar: AsyncIterable<Uint8Array>, visit: (entry: Entry) => Promise<void>): Promise<void> {
  let failure: unknown;
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* tar;
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  try {
    for await (const entry of tarEntries(Readable.from(watched()))) {
      const { name: written, type, linkname } = entry.header;
      const name = clean(written);
      const contents = async (): Promise<Buffer[]> => {
        const chunks: Buffer[] = [];
        for await (const chunk of entry) chunks.push(chunk as Buffer);
        return chunks;
      };
      const isFile = type === "file" || type === "contiguous-file";
      await visit({ name, link: linkOf(type, linkname), contents: isFile ? contents : undefined });
      entry.resume();
    }
  } catch (cause) {
    throw failure ?? noTar(cause as Error);
  }
}

function linkOf(type: string | null | undefined, target: string | null | undefined): Link | undefined {
  if (typeof target !== "string") return undefined;
  if (type === "link") return { target, fromTop: true };
  return type === "symlink" ? { target, fromTop: target.startsWith("/") } : undefined;
}

/** Never above the top. */
function clean(name: string): string {
  return path.posix.normalize(`/${name}`).replace(/^\/+|\/+$/g, "");
}

/** Where a name leads to; undefined for links that lead round and round. */
function followed(name: string, links: ReadonlyMap<string, Link>): string | undefined {
  let place: string[] = [];
  let rest = name.split("/");
  for (let count = 0; rest.length > 0; ) {
    const [part, ...further] = rest as [string, ...string[]];
    rest = further;
    if (part === "" || part === ".") continue;
    if (part === "..") {
      place.pop();
      continue;
    }
    const link = links.get([...place, part].join("/"));
    if (!link) {
      place.push(part);
      continue;
    }
    if (++count > MAX_LINKS) return undefined;
    if (link.fromTop) place = [];
    rest = [...link.target.split("/"), ...further];
  }
  return place.join("/");
}

function noTar(cause: Error): CaissonError<"LAYER_INVALID"> {
  return new CaissonError("LAYER_INVALID", `The build context is no tar, or is damaged: ${cause.message}`, {
    facts: { reason: cause.message },
    cause,
  });
}
