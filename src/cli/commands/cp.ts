import { lstat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import type { ContainerService } from "../../engine/engine.js";
import { CaissonError } from "../../engine/errors.js";
import { type Call, defineCommand } from "../command.js";
import { copyTarget, meansContents, type Place, placeOf } from "../copy-target.js";
import { openInput } from "../files.js";
import { UsageError } from "../usage.js";

const OPTIONS = {
  archive: {
    type: "boolean",
    short: "a",
    help: "keep the owners of files that come out; those that go in get the container's user, where it names one",
  },
  "follow-link": { type: "boolean", short: "L", help: "copy what the source links to, instead of the link" },
  quiet: { type: "boolean", short: "q", help: "as always: only failures are told" },
} as const;

type CopyCall = Call<typeof OPTIONS>;

// Loaded once something is to be copied: it knows tar.
const files = () => import("../container-files.js");

export const cp = defineCommand({
  name: "cp",
  summary: "Copy files between a container and this host; `-` is a tar on the standard input or output",
  operands: "CONTAINER:PATH PATH|- or PATH|- CONTAINER:PATH",
  least: 2,
  most: 2,
  options: OPTIONS,
  async run(call) {
    const [source, target] = call.operands.map(placeOf) as [Place, Place];
    if (source.container !== undefined && target.container !== undefined)
      throw new UsageError("Copying between containers is not supported");
    if (source.container === undefined && target.container === undefined)
      throw new UsageError("cp: one of the paths must be CONTAINER:PATH");
    const { containers } = await call.lasting();
    if (source.container !== undefined) await copyOut(containers, source.container, source.path, target.path, call);
    else await copyIn(containers, source.path, target.container!, target.path, call);
    return 0;
  },
});

async function copyIn(
  containers: ContainerService,
  local: string,
  container: string,
  given: string,
  { values, terminal, signal }: CopyCall,
): Promise<void> {
  const { containerKind, localKind, packLocal, rooted } = await files();
  const inside = given.startsWith("/") ? given : `/${given}`;
  const kind = await containerKind(containers, container, inside);
  if (local === "-") {
    if (kind !== "directory")
      throw new CaissonError("COPY_FAILED", `${container}:${inside} must be a directory`, { facts: { path: inside } });
    return containers.copyIn(container, await openInput(terminal, "-"), { path: inside, containerUser: values.archive, signal });
  }
  const follow = (values["follow-link"] ?? false) || local.endsWith("/") || meansContents(local);
  const tar = await packLocal(local, { follow });
  const isDirectory = (await localKind(local)) === "directory" && (follow || !(await isLink(local)));
  const { directory, name } = copyTarget({ path: local === "." ? local : absolute(local), isDirectory }, inside, kind);
  await containers.copyIn(container, rooted(tar, name), {
    path: directory,
    noOverwriteDirNonDir: true,
    containerUser: values.archive,
    signal,
  });
}

/** Keeps what the end of a path means. */
function absolute(local: string): string {
  return `${path.resolve(local)}${meansContents(local) ? "/." : local.endsWith("/") ? "/" : ""}`;
}

async function isLink(file: string): Promise<boolean> {
  return (await lstat(file)).isSymbolicLink();
}

async function copyOut(
  containers: ContainerService,
  container: string,
  given: string,
  local: string,
  { values, terminal, signal }: CopyCall,
): Promise<void> {
  const { firstEntry, localKind, unpackLocal } = await files();
  const asked = given.startsWith("/") ? given : `/${given}`;
  const inside = values["follow-link"] ? await followed(containers, container, asked) : asked;
  if (local === "-") {
    if (terminal.stdout.isTTY) throw new UsageError("An archive is not for the terminal: use a pipe");
    return pipeline(await containers.copyOut(container, inside, { signal }), terminal.stdout, { end: false, signal });
  }
  const entry = await firstEntry(containers, container, inside);
  if (!entry) throw new CaissonError("PATH_NOT_FOUND", `${container}:${inside}: no such file or directory`, { facts: { path: inside } });
  const kind = await localKind(local);
  const { directory, name } = copyTarget({ path: asked, isDirectory: entry.type === "directory" }, local, kind);
  if ((await localKind(directory)) !== "directory")
    throw new CaissonError("PATH_NOT_FOUND", `There is no directory ${directory}`, { facts: { path: directory } });
  const tar = await containers.copyOut(container, inside, { signal });
  await unpackLocal(tar, { directory, name }, { keepOwner: values.archive ?? false, signal });
}

/** Where a link leads; itself for everything else. */
async function followed(containers: ContainerService, container: string, inside: string): Promise<string> {
  const { firstEntry } = await files();
  const entry = await firstEntry(containers, container, inside);
  return entry?.type === "symlink" ? path.posix.resolve(path.posix.dirname(inside), entry.link) : inside;
}
