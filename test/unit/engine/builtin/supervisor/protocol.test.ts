import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as protocol from "../../../../../src/engine/builtin/supervisor/protocol.js";

const header = readFileSync(new URL("../../../../../native/protocol.h", import.meta.url), "utf8").replaceAll(/\/\*.*?\*\//gs, "");

function enumOf(prefix: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...header.matchAll(new RegExp(`\\b${prefix}_(\\w+) = (\\d+)`, "g"))].map(([, name, value]) => [name, Number(value)]),
  );
}

describe("protocol.ts", () => {
  it.each([
    ["MSG", protocol.Message],
    ["TAG", protocol.Tag],
    ["OP", protocol.Op],
    ["ARG", protocol.Arg],
    ["PHASE", protocol.Phase],
    ["STDIN", protocol.StdinMode],
    ["MOVE", protocol.MoveFlag],
    ["FLATTEN", protocol.FlattenFlag],
    ["UNPACK", protocol.UnpackFlag],
    ["UPLINK", protocol.UplinkFlag],
    ["PACK", protocol.PackFlag],
  ])("mirrors %s_* of native/protocol.h", (prefix, mirror) => {
    expect({ ...mirror }).toEqual(enumOf(prefix));
  });
});
