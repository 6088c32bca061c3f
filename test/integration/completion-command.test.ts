/** `caisson completion` in a real bash, zsh and fish. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SHELLS } from "../../src/cli/completion-scripts.js";
import { findProgram, PeerMissing } from "../fixtures/command.js";
import { commandLine } from "../fixtures/command-line.js";

const run = promisify(execFile);
const caisson = commandLine("/nonexistent");
let directory: string;
const scriptOf = (shell: string): string => path.join(directory, `completion.${shell}`);

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-completion-"));
  for (const shell of SHELLS) await writeFile(scriptOf(shell), (await caisson.run(["completion", shell])).stdout);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

/** What bash offers where the last word is being typed. */
async function inBash(...words: string[]): Promise<string[]> {
  const typed = ["caisson", ...words].map((word) => `'${word}'`).join(" ");
  const asked = `. ${scriptOf("bash")}\nCOMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _caisson; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return (await run("bash", ["-euc", asked])).stdout.trim().split("\n");
}

async function inFish(...words: string[]): Promise<string[]> {
  if ((await findProgram("fish")) === undefined) throw new PeerMissing("fish is not installed: apt-get install fish");
  const asked = `source ${scriptOf("fish")}; complete -C 'caisson ${words.join(" ")}'`;
  const environment = { ...process.env, HOME: directory, XDG_CONFIG_HOME: directory, XDG_DATA_HOME: directory };
  const { stdout } = await run("fish", ["--no-config", "-c", asked], { env: environment });
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split("\t", 1)[0]!);
}

/** What an interactive zsh makes of a line at the tabulator key. */
async function inZsh(line: string): Promise<string> {
  if ((await findProgram("zsh")) === undefined) throw new PeerMissing("zsh is not installed: apt-get install zsh");
  const setUp = path.join(directory, "set-up.zsh");
  const driver = path.join(directory, "driver.zsh");
  const result = path.join(directory, "result");
  // The quotes keep the marks out of the echo of the command.
  await writeFile(
    setUp,
    `autoload -Uz compinit; compinit -u -D; . ${scriptOf("zsh")}
show() { print -rn -- "$BUFFER" >${result}; print mark-"shown" }
zle -N show; bindkey '^T' show; setopt no_list_beep; print mark-"set-up"\n`,
  );
  await writeFile(
    driver,
    `zmodload zsh/zpty; zpty z zsh -f -i
zpty -w z '. ${setUp}'; zpty -r z output '*mark-set-up*'
zpty -w -n z $'${line}\\t\\x14'; zpty -r z output '*mark-shown*'; zpty -d z\n`,
  );
  await run("zsh", ["-f", driver], { timeout: 20_000, env: { ...process.env, TERM: "dumb" } });
  return readFile(result, "utf8");
}

describe("completion", () => {
  it("offers bash commands, those of a group, and flags", async () => {
    expect(await inBash("ru")).toEqual(["run"]);
    expect(await inBash("volume", "")).toEqual(["create", "inspect", "ls", "rm", "prune"]);
    expect(await inBash("volume", "ls", "--q")).toEqual(["--quiet"]);
    expect(await inBash("run", "--mem")).toContain("--memory");
    expect(await inBash("run", "-d", "--detach-")).toEqual(["--detach-keys"]);
  });

  it("offers fish commands, those of a group, and flags, each where it belongs", async () => {
    expect(await inFish("ru")).toEqual(["run"]);
    expect((await inFish("volume", "")).sort()).toEqual(["create", "inspect", "ls", "prune", "rm"]);
    expect(await inFish("volume", "ls", "--q")).toEqual(["--quiet"]);
    expect(await inFish("volume", "rm", "--v")).toEqual([]);
    expect(await inFish("rm", "--v")).toEqual(["--volumes"]);
    expect(await inFish("run", "-d", "--detach-")).toEqual(["--detach-keys"]);
  });

  it("completes commands, those of a group, and flags in zsh", async () => {
    expect(await inZsh("caisson compl")).toBe("caisson completion ");
    expect(await inZsh("caisson volume in")).toBe("caisson volume inspect ");
    expect(await inZsh("caisson volume ls --q")).toBe("caisson volume ls --quiet ");
    expect(await inZsh("caisson run -d --detach-")).toBe("caisson run -d --detach-keys ");
  }, 60_000);

  it("refuses a shell that it does not know", async () => {
    expect(await caisson.run(["completion", "tcsh"])).toMatchObject({ code: 2, stderr: expect.stringContaining("bash, zsh, fish") });
  });
});
