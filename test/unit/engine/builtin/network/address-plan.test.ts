import { describe, expect, it } from "vitest";
import { AddressPlan } from "../../../../../src/engine/builtin/network/address-plan.js";
import { chooseSubnet } from "../../../../../src/engine/builtin/network/default-subnets.js";
import { overlap, parseSubnet, subnetText } from "../../../../../src/engine/spec/subnets.js";

const plan = (subnet: string, options: { gateway?: string; ipRange?: string } = {}) =>
  new AddressPlan({ subnet: parseSubnet(subnet, "subnet"), ...options });

describe("the addresses of a network", () => {
  it("begin after the gateway and go up", () => {
    const addresses = plan("10.1.0.0/24");
    expect(addresses.gateway).toBe("10.1.0.1");
    expect([addresses.take(undefined, "n"), addresses.take(undefined, "n")]).toEqual(["10.1.0.2", "10.1.0.3"]);
  });

  it("are not given again right after they were given back", () => {
    const addresses = plan("10.1.0.0/24");
    addresses.giveBack(addresses.take(undefined, "n"));
    expect(addresses.take(undefined, "n")).toBe("10.1.0.3");
  });

  it("come from the range that was given, round and round, until all are taken", () => {
    const addresses = plan("10.1.0.0/24", { ipRange: "10.1.0.8/30", gateway: "10.1.0.9" });
    expect([1, 2, 3].map(() => addresses.take(undefined, "n"))).toEqual(["10.1.0.8", "10.1.0.10", "10.1.0.11"]);
    expect(() => addresses.take(undefined, "n")).toThrow("no free address left in 10.1.0.8/30");
    addresses.giveBack("10.1.0.8");
    expect(addresses.take(undefined, "n")).toBe("10.1.0.8");
  });

  it("are those of IPv6 as well", () => {
    const addresses = plan("fd00:1::/64");
    expect([addresses.gateway, addresses.take(undefined, "n"), addresses.take("fd00:1::ff", "n")]).toEqual([
      "fd00:1::1",
      "fd00:1::2",
      "fd00:1::ff",
    ]);
  });

  it.each([
    ["the network's own", "10.1.0.0"],
    ["the broadcast address", "10.1.0.255"],
    ["one of elsewhere", "10.2.0.1"],
    ["no address", "ten"],
    ["one of the other family", "fd00::2"],
  ])("are never %s", (_, address) => {
    expect(() => plan("10.1.0.0/24").take(address, "n")).toThrow("a usable address of 10.1.0.0/24");
  });

  it("are given once", () => {
    const addresses = plan("10.1.0.0/24");
    expect([addresses.take("10.1.0.2", "n"), addresses.take("10.1.0.2", "n", true)]).toEqual(["10.1.0.2", "10.1.0.2"]);
    addresses.giveBack("10.1.0.2");
    expect(() => addresses.take("10.1.0.2", "n")).toThrow("The address 10.1.0.2 is taken");
    expect(addresses.take(undefined, "n")).toBe("10.1.0.3");
    addresses.giveBack("10.1.0.2");
    expect(addresses.take("10.1.0.2", "n")).toBe("10.1.0.2");
    expect(() => plan("10.1.0.0/24").take("10.1.0.1", "n")).toThrow("The address 10.1.0.1 is taken on network n");
  });
});

describe("subnets that nobody named", () => {
  it("overlap with none that is taken, 200 of them at once", () => {
    const taken = [parseSubnet("172.20.1.0/24", "subnet")];
    for (let count = 0; count < 200; count++) taken.push(chooseSubnet(taken));
    expect(taken.some((a, i) => taken.some((b, j) => i !== j && overlap(a, b)))).toBe(false);
    expect(taken.slice(1, 4).map(subnetText)).toEqual(["172.18.0.0/16", "172.19.0.0/16", "172.21.0.0/16"]);
  });
});
