import { describe, expect, it } from "vitest";
import { addressBytes, addressText } from "../../../../src/engine/spec/address-bytes.js";

describe("addresses as bytes", () => {
  it.each(["127.0.0.1", "::1", "::", "fe80::1", "2001:db8::8:800:200c:417a"])("come back as %s", (address) => {
    expect(addressText(addressBytes(address))).toBe(address);
  });

  it("takes the dotted form of IPv6", () => {
    expect(addressText(addressBytes("::ffff:1.2.3.4"))).toBe("::ffff:102:304");
  });

  it("refuses names", () => {
    expect(() => addressBytes("localhost")).toThrow(/an IPv4 or IPv6 address/);
  });
});
