/** The Dockerfile and the ignore rules of a context, wherever that is: what a build leaves to the daemon, a check fetches itself. */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { checkOutContext, fetching } from "../../../build-context/fetched-context.js";
import { getUrl, HttpFailed } from "../../../build-context/http-request.js";
import { existingDirectory, type ReadDockerfile, readDockerfile } from "../../../build-context/local-context.js";
import { readTarDockerfile } from "../../../build-context/tar-dockerfile.js";
import { isTar } from "../../../build-context/tar-header.js";
import type { BuildContext, BuildOptions } from "../../../engine.js";
import { CaissonError } from "../../../errors.js";
import { decompress } from "../../../oci/decompress.js";
import { HttpClient } from "../../../oci/http-client.js";
import { isAddress } from "../build-source.js";

/** @param environment says which proxies there are. @throws PATH_NOT_FOUND, OPTION_INVALID, LAYER_INVALID, DISK_FULL, ABORTED */
export async function openDockerfile(
  context: BuildContext,
  options: BuildOptions,
  environment: NodeJS.ProcessEnv,
): Promise<ReadDockerfile> {
  if (typeof context === "string" && !isAddress(context))
    return readDockerfile({ directory: await existingDirectory(context, "context"), fetched: false }, options);
  const scratch = await mkdtemp(path.join(tmpdir(), "caisson-check-"));
  const signal = options.signal ?? new AbortController().signal;
  try {
    const file = path.join(scratch, "context");
    if (typeof context !== "string") {
      await write(file, decompress(context.tar), signal);
      return await readTarDockerfile(() => createReadStream(file), options);
    }
    return await fetching(context, async () => {
      const directory = await checkOutContext(context, options, async () => path.join(scratch, "repository"), signal);
      if (directory !== undefined) return readDockerfile({ directory, fetched: true }, options);
      await download(context, file, { environment, secrets: options.secrets, signal });
      return ofFile(file, scratch, options);
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function download(
  url: string,
  file: string,
  { environment, secrets, signal }: { environment: NodeJS.ProcessEnv; secrets: BuildOptions["secrets"]; signal: AbortSignal },
): Promise<void> {
  const http = new HttpClient(environment);
  try {
    const { body } = await getUrl({ http, secrets, signal }, url);
    const watched = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield* body;
      } catch (cause) {
        throw new HttpFailed(`its transfer ended: ${(cause as Error).message}`, { cause });
      }
    };
    await write(file, watched(), signal);
  } finally {
    await http.close();
  }
}

async function write(file: string, source: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  await pipeline(source, createWriteStream(file), { signal }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOSPC" && cause.code !== "EDQUOT") throw cause;
    throw new CaissonError("DISK_FULL", `No space left for ${file}`, {
      facts: { path: file },
      cause,
      remedy: "A context that is no directory is kept there for as long as it is read: TMPDIR names another place.",
    });
  });
}

/** An archive, or the Dockerfile itself. */
async function ofFile(file: string, scratch: string, options: BuildOptions): Promise<ReadDockerfile> {
  const plain = () => decompress(createReadStream(file));
  if (await isTar(plain())) return readTarDockerfile(plain, options);
  return readDockerfile({ directory: path.join(scratch, "nothing"), fetched: true, dockerfileText: await readFile(file, "utf8") }, options);
}
