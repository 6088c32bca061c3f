import { execFile, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { ModuleKind, ScriptTarget, transpileModule } from "typescript";
import { expect, it } from "vitest";
import { lacksPipes } from "../../../src/engine/lacks-pipes.js";

it("is nothing for a child that has its streams, also where the program is not there", () => {
  const child = spawn("/nowhere/at/all");
  child.on("error", () => {});
  expect(lacksPipes(child)).toBeUndefined();
});

it("tells why a child has none, and takes the error from the process", async () => {
  const source = await readFile("src/engine/lacks-pipes.ts", "utf8");
  const { outputText } = transpileModule(source, { compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2022 } });
  // In a process of its own, which opens all the files that it may.
  const script = `
    import { spawn } from "node:child_process";
    import { openSync } from "node:fs";
    try { for (;;) openSync("/dev/null"); } catch {}
    lacksPipes(spawn("true"))?.then((error) => process._rawDebug(error.code));
    ${outputText}`;
  const limited = 'ulimit -n 64; exec "$0" --input-type=module --eval "$1"';
  const { stderr } = await promisify(execFile)("sh", ["-c", limited, process.execPath, script]);
  expect(stderr).toBe("EMFILE\n");
});
