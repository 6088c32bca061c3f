import { describe, expect, it } from "vitest";
import { withHostNames } from "../../../../src/engine/remote/host-names.js";

const AROUND = { speaks: () => true, defaultNetwork: true, leadsOut: true };
const named = (address: string) =>
  ["host.caisson.internal", "host.docker.internal", "host.testcontainers.internal"].map((host) => ({ host, address }));

describe("the host's names in a container of a daemon", () => {
  it("stand for the gateway, which the daemon knows", () => {
    expect(withHostNames({ image: "a" }, AROUND)).toEqual(named("host-gateway"));
  });

  it("stand for loopback where the container has the host's network", () => {
    expect(withHostNames({ image: "a", networkMode: "host" }, AROUND)).toEqual(named("127.0.0.1"));
  });

  it("come after what was asked for, and in the place of none of it", () => {
    const mine = { host: "host.docker.internal", address: "10.0.0.1" };
    const names = withHostNames({ image: "a", extraHosts: [mine] }, AROUND);
    expect(names[0]).toEqual(mine);
    expect(names.map(({ host }) => host)).toEqual(["host.docker.internal", "host.caisson.internal", "host.testcontainers.internal"]);
  });

  it.each([
    ["has no network", { networkMode: "none" as const }, {}],
    ["has the network of another", { networkMode: "container:other" as const }, {}],
    ["is on internal networks alone", {}, { leadsOut: false }],
    ["is on a daemon that is older than the gateway's name", {}, { speaks: (api: string) => Number(api.split(".")[1]) <= 40 }],
    ["is on a daemon that has no default network", {}, { defaultNetwork: false }],
  ])("are left out for one that %s", (_, spec, around) => {
    expect(withHostNames({ image: "a", ...spec }, { ...AROUND, ...around })).toEqual([]);
  });
});
