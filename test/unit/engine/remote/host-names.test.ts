import { describe, expect, it } from "vitest";
import { hostGateway, withHostNames } from "../../../../src/engine/remote/host-names.js";

const DOCKER = { speaks: () => true, podman: false };
const PODMAN = { speaks: () => true, podman: true };
const network = (Gateway: string, Internal = false) => ({ Id: "1", Name: "n", Internal, IPAM: { Config: [{ Gateway }] } });
const named = (address: string) =>
  ["host.caisson.internal", "host.docker.internal", "host.testcontainers.internal"].map((host) => ({ host, address }));

describe("what stands for a daemon's host", () => {
  it("is told by Docker itself, since 20.10", () => {
    expect(hostGateway(DOCKER, [network("10.0.0.1")])).toBe("host-gateway");
    expect(hostGateway({ ...DOCKER, speaks: (api) => Number(api.split(".")[1]) <= 40 }, [network("10.0.0.1")])).toBeUndefined();
  });

  it("is the gateway of the first network that leads out, with Podman", () => {
    expect(hostGateway(PODMAN, [network("10.0.0.1", true), network("10.0.1.1")])).toBe("10.0.1.1");
    expect(hostGateway(PODMAN, [{ Id: "1", Name: "n" }])).toBeUndefined();
  });

  it.each([DOCKER, PODMAN])("is nothing without a network that leads out", (client) => {
    expect(hostGateway(client, [])).toBeUndefined();
    expect(hostGateway(client, [network("10.0.0.1", true)])).toBeUndefined();
  });
});

describe("the host's names in a container of a daemon", () => {
  it("stand for the gateway", () => {
    expect(withHostNames({ image: "a" }, "host-gateway")).toEqual(named("host-gateway"));
  });

  it("stand for loopback where the container has the host's network", () => {
    expect(withHostNames({ image: "a", networkMode: "host" }, "10.0.0.1")).toEqual(named("127.0.0.1"));
  });

  it("come after what was asked for, and in the place of none of it", () => {
    const mine = { host: "host.docker.internal", address: "10.0.0.1" };
    const names = withHostNames({ image: "a", extraHosts: [mine] }, "host-gateway");
    expect(names[0]).toEqual(mine);
    expect(names.map(({ host }) => host)).toEqual(["host.docker.internal", "host.caisson.internal", "host.testcontainers.internal"]);
  });

  it("may be further ones", () => {
    const extraHosts = [{ host: "me", address: "host-gateway" }];
    expect(withHostNames({ image: "a", extraHosts }, "10.0.0.1")[0]).toEqual({ host: "me", address: "10.0.0.1" });
    expect(withHostNames({ image: "a", extraHosts }, undefined)).toEqual(extraHosts);
  });

  it.each(["none", "container:other"] as const)("are left out with network mode %s", (networkMode) => {
    expect(withHostNames({ image: "a", networkMode }, "host-gateway")).toEqual([]);
  });
});
