import { expect, it } from "vitest";
import { withIpv6Subnet } from "../../../../src/engine/remote/ipv6-subnet.js";
import { parseSubnet } from "../../../../src/engine/spec/subnets.js";

it("a network that wants IPv6 gets a unique local subnet, unless it names one", () => {
  const random = (bytes: number): Buffer => Buffer.from("01020304050607", "hex").subarray(0, bytes);
  expect(withIpv6Subnet({ ipv6: true, subnets: [{ subnet: "10.1.0.0/24" }] }, random).subnets).toEqual([
    { subnet: "10.1.0.0/24" },
    { subnet: "fd01:0203:0405:0607::/64" },
  ]);
  expect(parseSubnet("fd01:0203:0405:0607::/64", "subnet")).toMatchObject({ family: 6, prefixLength: 64 });
  for (const spec of [{}, { ipv6: false }, { ipv6: true, subnets: [{ subnet: "fd00:1::/64" }] }])
    expect(withIpv6Subnet(spec, random)).toBe(spec);
});
