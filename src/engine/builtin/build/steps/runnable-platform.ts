/** Whether this host runs commands of a platform: its own processor does, or an emulator that is registered with the kernel (binfmt_misc). */
import { readFile } from "node:fs/promises";
import { formatLocation } from "../../../dockerfile/dockerfile-error.js";
import type { InstructionOf } from "../../../dockerfile/instructions.js";
import { CaissonError } from "../../../errors.js";
import { formatPlatform, hostPlatform, matchesPlatform, type Platform } from "../../../oci/platform.js";
import type { StageScope } from "./stage-scope.js";

const BINFMT = "/proc/sys/fs/binfmt_misc";
/** QEMU's names, where they are not those of images. */
const QEMU: Readonly<Record<string, string>> = {
  ...{ amd64: "x86_64", "386": "i386", arm64: "aarch64", mips64le: "mips64el", mipsle: "mipsel", loong64: "loongarch64" },
};

/** @throws UNSUPPORTED */
export async function refuseForeignPlatform({ facts, state }: StageScope, instruction: InstructionOf<"RUN">): Promise<void> {
  const platform: Platform = state.base ?? facts.target;
  if (matchesPlatform(hostPlatform(), platform)) return;
  const entry = await readFile(`${BINFMT}/${emulatorName(platform.architecture)}`, "utf8").catch(() => "");
  if (isUsableEmulator(entry)) return;
  const { line, original } = instruction;
  const name = formatPlatform(platform);
  const place = formatLocation({ file: facts.dockerfile.file, line });
  throw new CaissonError("UNSUPPORTED", `${place}: RUN needs a host that runs ${name}, and this one runs ${hostPlatform()}`, {
    facts: { engine: "builtin", feature: `RUN for ${name}` },
    evidence: [`${line} | ${original}`],
    remedy: "Build on such a host, or register an emulator with the kernel (qemu-user-static; binfmt_misc with flag F).",
  });
}

export function emulatorName(architecture: string): string {
  return `qemu-${QEMU[architecture] ?? architecture}`;
}

/** @param entry of binfmt_misc. Without flag F the interpreter is looked for in the container, where it isn't. */
export function isUsableEmulator(entry: string): boolean {
  return /^enabled$/m.test(entry) && /^flags: .*F/m.test(entry);
}
