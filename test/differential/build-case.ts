/** A build that two builders make, and its context on disk. */
import { chmod, link, lutimes, mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";

export type ContextFile =
  | string
  | { readonly content?: string; readonly mode?: number }
  | { readonly directory: true; readonly mode?: number }
  | { readonly link: string }
  | { readonly hardlink: string };

export interface BuildCase {
  readonly name: string;
  /** `BASE` stands for the image that both have. */
  readonly dockerfile: string;
  readonly files?: Readonly<Record<string, ContextFile>>;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Times that are no builder's own. */
const TIME = new Date("2020-02-02T02:02:02Z");

export async function writeContext(directory: string, { dockerfile, files = {} }: BuildCase, base: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, "Dockerfile"), dockerfile.replaceAll("BASE", base));
  for (const [name, file] of Object.entries(files)) await writeOne(directory, path.join(directory, name), file);
}

async function writeOne(root: string, place: string, file: ContextFile): Promise<void> {
  await mkdir(path.dirname(place), { recursive: true });
  if (typeof file === "string") return writeOne(root, place, { content: file });
  if ("link" in file) await symlink(file.link, place);
  else if ("hardlink" in file) await link(path.join(root, file.hardlink), place);
  else if ("directory" in file) await mkdir(place, { recursive: true });
  else await writeFile(place, file.content ?? "");
  if ("mode" in file && file.mode !== undefined) await chmod(place, file.mode);
  else if (!("link" in file) && !("hardlink" in file)) await chmod(place, "directory" in file ? 0o755 : 0o644);
  await lutimes(place, TIME, TIME);
}
