/** Docker's rules for where `cp` puts things (moby's archive.CopyInfo). Pure. */
import { posix } from "node:path";
import { CaissonError } from "../engine/errors.js";
import type { PathKind } from "./container-files.js";
import { UsageError } from "./usage.js";

/** `CONTAINER:PATH`, a local path, or `-`. */
export interface Place {
  readonly container: string | undefined;
  readonly path: string;
}

/** A colon after a slash or a dot at the beginning is part of a local path, as docker has it. */
export function placeOf(text: string): Place {
  if (text === "") throw new UsageError("cp: a path is empty");
  const [, container = "", path = ""] = /^([^:]+):(.*)$/s.exec(text) ?? [];
  if (container === "" || /^[./]/.test(text)) return { container: undefined, path: text };
  if (path === "") throw new UsageError(`cp ${text}: the path in the container is missing`);
  return { container, path };
}

/** Ends in `/.`: the contents of a directory, not itself. */
export function meansContents(path: string): boolean {
  return path === "." || path.endsWith("/.");
}

function assertsDirectory(path: string): boolean {
  return path.endsWith("/") || meansContents(path);
}

export interface Source {
  readonly path: string;
  readonly isDirectory: boolean;
}

export interface Target {
  /** It exists. */
  readonly directory: string;
  /** What the source becomes in there; "" when the contents of a directory go into it. */
  readonly name: string;
}

/** @throws COPY_FAILED for a file onto a directory that is not there, or a directory onto a file */
export function copyTarget({ path, isDirectory }: Source, target: string, kind: PathKind): Target {
  const failed = (why: string): CaissonError<"COPY_FAILED"> => new CaissonError("COPY_FAILED", why, { facts: { path: target } });
  if (assertsDirectory(path) && !isDirectory) throw failed(`${path} is not a directory`);
  if (kind === "directory") {
    const name = meansContents(path) ? "" : posix.basename(posix.resolve("/", path));
    return { directory: target, name };
  }
  if (kind === "other" && isDirectory) throw failed(`${target} is a file: a directory can't be copied onto it`);
  if (assertsDirectory(target) && (kind === "other" || !isDirectory)) throw failed(`There is no directory ${target}`);
  const plain = target.replace(/(\/+\.?)+$/, "");
  return { directory: posix.dirname(plain) || ".", name: posix.basename(plain) };
}
