import { describe, expect, it } from "vitest";
import { type EtcFilesOptions, etcFiles } from "../../../../../src/engine/builtin/runtime/etc-files.js";

const OPTIONS: EtcFilesOptions = {
  hostname: "me",
  domainname: undefined,
  addresses: ["172.17.0.2"],
  extraHosts: [],
  hostGateway: "172.17.0.1",
  dns: [],
  dnsSearch: undefined,
  dnsOptions: undefined,
  hostResolvConf: "",
  nameServer: undefined,
};

const hosts = (options: Partial<EtcFilesOptions>): string[] =>
  etcFiles({ ...OPTIONS, ...options })
    .hosts.trim()
    .split("\n")
    .slice(6);

describe("/etc/hosts", () => {
  it("has the names of the host", () => {
    expect(hosts({})).toEqual(["172.17.0.1\thost.caisson.internal host.docker.internal host.testcontainers.internal", "172.17.0.2\tme"]);
  });

  it("has none where nothing leads there", () => {
    expect(hosts({ hostGateway: undefined })).toEqual(["172.17.0.2\tme"]);
  });

  it("leaves names to who gives them an address, and knows host-gateway", () => {
    const extraHosts = [
      { host: "host.docker.internal", address: "192.0.2.1" },
      { host: "up", address: "host-gateway" },
    ];
    expect(hosts({ extraHosts })).toEqual([
      "192.0.2.1\thost.docker.internal",
      "172.17.0.1\tup",
      "172.17.0.1\thost.caisson.internal host.testcontainers.internal",
      "172.17.0.2\tme",
    ]);
  });
});
