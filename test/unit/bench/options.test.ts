import { describe, expect, it } from "vitest";
import { parseOptions } from "../../bench/options.js";

const NAMES = ["start", "stop"];

describe("parseOptions", () => {
  it("runs everything beside the peers by default", () => {
    expect(parseOptions([], NAMES)).toEqual({ only: [], runs: undefined, json: undefined, peers: true });
  });

  it("takes names, a number of runs, a file, and no peers", () => {
    expect(parseOptions(["--only", "stop,start", "--runs", "3", "--json", "out.json", "--no-peers"], NAMES)).toEqual({
      only: ["stop", "start"],
      runs: 3,
      json: "out.json",
      peers: false,
    });
  });

  it("refuses an unknown name and says which there are", () => {
    expect(() => parseOptions(["--only", "begin"], NAMES)).toThrow('--only takes start, stop; there is no "begin"');
  });

  it.each(["0", "-1", "1.5", "many"])("refuses %s runs", (runs) => {
    expect(() => parseOptions([`--runs=${runs}`], NAMES)).toThrow(`--runs takes a positive integer, not ${runs}`);
  });
});
