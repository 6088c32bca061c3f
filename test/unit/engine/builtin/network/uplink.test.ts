/** What may be reached from a container, judged as the supervisor judges: the first rule that fits decides. How nf_tables reads its chain is in test/integration/uplink.test.ts. */
import { describe, expect, it } from "vitest";
import { type UplinkScope, uplinkChains, uplinkRules } from "../../../../../src/engine/builtin/network/uplink.js";
import { addressNumber, contains, familyOf, parseSubnet } from "../../../../../src/engine/spec/subnets.js";

const SCOPE: UplinkScope = {
  ofContainer: false,
  gateways: [
    { address: "10.9.0.1", exposed: [{ port: 8080, source: "10.9.0.2" }, { port: 9090 }] },
    { address: "fd00:9::1", exposed: [{ port: 8080, source: "fd00:9::2" }] },
  ],
  ipv6: ["fd00:9::1"],
};

function dialed(source: string, address: string, port: number): readonly string[] | "destination" {
  const family = familyOf(address)!;
  const rule = uplinkRules(SCOPE).find(
    (candidate) =>
      contains(parseSubnet(`${candidate.address}/${candidate.prefixLength}`, "rule"), family, addressNumber(address)) &&
      (candidate.port === undefined || candidate.port === port) &&
      (candidate.source === undefined || candidate.source === source),
  );
  return rule?.dial ?? [];
}

describe("uplink rules", () => {
  it.each(["192.0.2.1", "10.0.0.1", "169.254.169.254", "2001:db8::1", "fd00:1::1"])("let %s be dialed", (address) => {
    expect(dialed("10.9.0.2", address, 80)).toBe("destination");
  });

  it.each(["127.0.0.1", "127.255.255.255", "0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255"])("never dial %s", (address) => {
    expect(dialed("10.9.0.2", address, 8080)).toEqual([]);
  });

  it.each(["::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1", "ff02::1"])("never dial %s", (address) => {
    expect(dialed("fd00:9::2", address, 8080)).toEqual([]);
  });

  it("lead from the gateway to this host's loopback, for who may and where it may", () => {
    expect(dialed("10.9.0.2", "10.9.0.1", 8080)).toEqual(["127.0.0.1", "::1"]);
    expect(dialed("10.9.0.3", "10.9.0.1", 8080)).toEqual([]);
    expect(dialed("10.9.0.3", "10.9.0.1", 9090)).toEqual(["127.0.0.1", "::1"]);
    expect(dialed("10.9.0.2", "10.9.0.1", 22)).toEqual([]);
    expect(dialed("fd00:9::2", "fd00:9::1", 8080)).toEqual(["127.0.0.1", "::1"]);
    expect(dialed("fd00:9::3", "fd00:9::1", 8080)).toEqual([]);
  });
});

describe("uplink chains", () => {
  it("are a sequence of whole netlink messages, of which the last request alone is answered", () => {
    const batch = uplinkChains(SCOPE);
    const flags: number[] = [];
    let at = 0;
    for (; at < batch.length; at += (batch.readUInt32LE(at) + 3) & ~3) flags.push(batch.readUInt16LE(at + 6));
    expect(at).toBe(batch.length);
    const answered = flags.flatMap((each, index) => (each & 4 ? [index] : []));
    expect(answered).toEqual([flags.length - 2]);
  });
});
