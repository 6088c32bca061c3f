import { describe, expect, it } from "vitest";
import { createBody } from "../../../../src/engine/docker-api/container-create.js";
import { specOfBody } from "../../../../src/engine/docker-api/container-spec-of-body.js";
import { Fields } from "../../../../src/engine/docker-api/json-fields.js";
import type { ContainerSpec } from "../../../../src/engine/engine.js";

const parse = (body: object): ContainerSpec => specOfBody(new Fields({ Image: "x", ...body })).spec;

describe("the body of a create request", () => {
  it("says again what a spec said", () => {
    const spec: ContainerSpec = {
      image: "x",
      command: ["a", "b"],
      entrypoint: ["/e"],
      env: { A: "b=c" },
      labels: { l: "m" },
      workingDir: "/w",
      user: "1:2",
      tty: true,
      openStdin: true,
      publish: [{ containerPort: 80, protocol: "tcp", hostPort: 8080, hostIp: "127.0.0.1" }],
      extraHosts: [{ host: "h", address: "host-gateway" }],
      mounts: [
        { type: "bind", source: "/a", target: "/b", readonly: true, propagation: "rslave" },
        { type: "volume", source: "v", target: "/v", readonly: false, noCopy: true },
      ],
      resources: { memoryBytes: 64 << 20, cpus: 1.5, pids: 10, blkioDeviceReadIops: [{ path: "/dev/sda", rate: 10 }] },
      healthcheck: { test: ["CMD", "true"], intervalMs: 1000, retries: 2 },
      restartPolicy: { name: "on-failure", maximumRetryCount: 3 },
      stopTimeoutMs: 3000,
      capAdd: ["NET_ADMIN"],
      noNewPrivileges: true,
      ulimits: [{ name: "nofile", soft: 1, hard: 2 }],
    };
    const body = JSON.parse(JSON.stringify(createBody(spec, [])));
    expect(specOfBody(new Fields(body)).spec).toEqual({ ...spec, exposedPorts: ["80/tcp"] });
  });

  it("is warned of what has no effect, where it is set", () => {
    const warnings = (HostConfig: object): readonly string[] => specOfBody(new Fields({ Image: "x", HostConfig })).warnings;
    expect(warnings({ BlkioWeightDevice: [], CpuRealtimeRuntime: 0, CgroupParent: "", StorageOpt: null, OomKillDisable: false })).toEqual(
      [],
    );
    expect(warnings({ BlkioWeightDevice: [{ Path: "/dev/sda", Weight: 20 }], cgroupparent: "mine", OomKillDisable: true })).toEqual([
      "BlkioWeightDevice has no effect.",
      "CgroupParent has no effect.",
      "OomKillDisable has no effect.",
    ]);
  });

  it("names fields in any case, and says nothing with zeros, nulls and empty lists", () => {
    expect(
      parse({ cmd: null, HOSTCONFIG: { memory: 0, BINDS: [], PidsLimit: -1, ShmSize: 0, BlkioDeviceReadBps: [] }, Env: null, User: "" }),
    ).toEqual({
      image: "x",
      resources: { pids: -1 },
    });
  });

  it("joins the network that it names, and those of its endpoints", () => {
    const { networks } = parse({
      HostConfig: { NetworkMode: "one" },
      NetworkingConfig: { EndpointsConfig: { one: { Aliases: ["a"] }, two: { IPAMConfig: { IPv4Address: "10.0.0.9" } } } },
    });
    expect(networks).toEqual({ one: { aliases: ["a"] }, two: { ipv4Address: "10.0.0.9" } });
    for (const NetworkMode of ["default", "bridge", ""]) expect(parse({ HostConfig: { NetworkMode } }).networks).toBeUndefined();
    expect(parse({ HostConfig: { NetworkMode: "container:y" } }).networkMode).toBe("container:y");
  });

  it("has an anonymous volume where nothing else is mounted", () => {
    expect(parse({ Volumes: { "/v": {}, "/b": {} }, HostConfig: { Binds: ["/a:/b:ro"] } }).mounts).toEqual([
      { type: "bind", source: "/a", target: "/b", readonly: true, createSource: true },
      { type: "volume", target: "/v" },
    ]);
  });

  it.each([
    [{ Image: "" }, "Image is missing"],
    [{ Env: ["=x"] }, "invalid environment variable"],
    [{ HostConfig: { PortBindings: { "80/sctp": null } } }, "invalid port specification"],
    [{ HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "x" }] } } }, "invalid port specification"],
    [{ HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "81-80" }] } } }, "invalid port specification"],
    [{ HostConfig: { Mounts: [{ Type: "bind", Source: "a", Target: "/b" }] } }, "mount path must be absolute"],
    [{ HostConfig: { Mounts: [{ Type: "nonsense", Target: "/b" }] } }, "mount type unknown"],
    [{ HostConfig: { RestartPolicy: { Name: "sometimes" } } }, "unknown policy 'sometimes'"],
    [{ HostConfig: { LogConfig: { Type: "nonsense" } } }, "no log driver named 'nonsense'"],
    [{ HostConfig: { Runtime: "nonsense" } }, "invalid runtime name"],
    [{ HostConfig: { Memory: "1" } }, "expected HostConfig.Memory to be a number"],
    [{ HostConfig: { Memory: 1024 } }, "Minimum memory limit"],
  ])("%j is refused", (body, message) => {
    expect(() => parse(body)).toThrow(message);
  });
});
