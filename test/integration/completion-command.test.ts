/** `caisson completion bash` in a real bash. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, expect, it } from "vitest";
import { commandLine } from "../fixtures/command-line.js";

const run = promisify(execFile);
const caisson = commandLine("/nonexistent");
let script: string;

beforeAll(async () => {
  script = (await caisson.run(["completion", "bash"])).stdout;
});

/** What bash offers where the last word is being typed. */
async function offered(...words: string[]): Promise<string[]> {
  const typed = ["caisson", ...words].map((word) => `'${word}'`).join(" ");
  const asked = `${script}\nCOMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _caisson; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return (await run("bash", ["-euc", asked])).stdout.trim().split("\n");
}

it("offers commands, those of a group, and flags", async () => {
  expect(await offered("ru")).toEqual(["run"]);
  expect(await offered("volume", "")).toEqual(["create", "inspect", "ls", "rm", "prune"]);
  expect(await offered("volume", "ls", "--q")).toEqual(["--quiet"]);
  expect(await offered("run", "--mem")).toContain("--memory");
  expect(await offered("run", "-d", "--detac")).toEqual(["--detach"]);
});

it("refuses a shell that it does not know", async () => {
  expect(await caisson.run(["completion", "tcsh"])).toMatchObject({ code: 2, stderr: expect.stringContaining("bash, zsh, fish") });
});
