/**
 * What builds, pulls and others use that run now, so that nobody removes it under them: one file each, one name a line. A file whose
 * process is gone counts for nothing, and goes.
 */
import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";

export class InUse {
  readonly #directory: string;
  readonly #names = new Set<string>();
  #file: { readonly path: string; readonly descriptor: number } | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Synchronous, so that nothing comes between saying it and using it. */
  add(name: string): void {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    try {
      this.#file ??= this.#newFile();
      writeSync(this.#file.descriptor, `${name}\n`);
    } catch {
      // A full or read-only disk shows where it matters.
    }
  }

  end(): void {
    if (this.#file) {
      closeSync(this.#file.descriptor);
      rmSync(this.#file.path, { force: true });
    }
    this.#file = undefined;
    this.#names.clear();
  }

  #newFile() {
    mkdirSync(this.#directory, { recursive: true });
    const file = path.join(this.#directory, [process.pid, startTime(process.pid), randomBytes(4).toString("hex")].join("-"));
    return { path: file, descriptor: openSync(file, "wx") };
  }
}

export async function namesInUse(directory: string): Promise<ReadonlySet<string>> {
  const files = (await readdir(directory).catch(() => [])).filter((name) => !name.endsWith(".lock"));
  const names = await Promise.all(
    files.map(async (name) => {
      const file = path.join(directory, name);
      const [pid, started] = name.split("-");
      if (startTime(Number(pid)) === started) return (await readFile(file, "utf8").catch(() => "")).split("\n");
      await rm(file, { force: true });
      return [];
    }),
  );
  return new Set(names.flat().filter((name) => name !== ""));
}

/** In clock ticks since boot (proc_pid_stat(5), field 22): with the id it tells a process from one that came later. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
