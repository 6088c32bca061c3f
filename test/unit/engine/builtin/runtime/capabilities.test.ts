import { describe, expect, it } from "vitest";
import { capabilitySet } from "../../../../../src/engine/builtin/runtime/capabilities.js";

const ALL = (1n << 41n) - 1n;

describe("capabilitySet", () => {
  it("is Docker's set by default", () => {
    expect(capabilitySet({}, ALL)).toBe(0xa80425fbn);
  });

  it("drops all, then adds", () => {
    expect(capabilitySet({ capDrop: ["ALL"], capAdd: ["CAP_NET_ADMIN", "chown"] }, ALL)).toBe((1n << 12n) | 1n);
  });

  it("adds all but what is dropped", () => {
    expect(capabilitySet({ capAdd: ["ALL"], capDrop: ["SYS_ADMIN"] }, ALL)).toBe(ALL & ~(1n << 21n));
  });

  it("gives nothing that the engine does not have", () => {
    expect(capabilitySet({ privileged: true }, 0xffn)).toBe(0xffn);
    expect(capabilitySet({}, 1n)).toBe(1n);
  });

  it("names the known ones when one is unknown", () => {
    expect(() => capabilitySet({ capAdd: ["NET_ADMN"] }, ALL)).toThrow(
      /Expected `capAdd` to be a capability's name or `ALL`, got "NET_ADMN".*\n.*NET_ADMIN/,
    );
  });
});
