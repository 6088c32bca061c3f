import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { copyArchive } from "../../../src/container/copy-archive.js";

it.each([
  ["PATH_NOT_FOUND", { kind: "file", source: "/nowhere/at/all", target: "/there" }],
  ["OPTION_INVALID", { kind: "content", content: "text", target: "there/" }],
] as const)("fails with %s for whoever reads it, however late that is", async (code, source) => {
  const tar = copyArchive([source]);
  await sleep(20);
  await expect(buffer(tar)).rejects.toMatchObject({ code });
});
