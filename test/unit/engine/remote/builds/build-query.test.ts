import { describe, expect, it } from "vitest";
import { frontendAttributes } from "../../../../../src/engine/remote/builds/buildkit/solve-request.js";
import { buildQuery } from "../../../../../src/engine/remote/builds/classic/build-query.js";

describe("parameters of POST /build", () => {
  it("say what the options say", () => {
    const options = {
      tags: ["one", "host:5000/two:2"],
      buildArgs: { a: "1" },
      labels: { b: "2" },
      target: "stage",
      noCache: true,
      pull: true,
      platform: "linux/arm64",
      memoryBytes: 1 << 20,
      extraHosts: [{ host: "h", address: "1.2.3.4" }],
      network: "none",
      sourceDateEpoch: 5,
    } as const;
    expect(buildQuery(options, "d/Dockerfile", undefined)).toEqual({
      dockerfile: "d/Dockerfile",
      remote: undefined,
      t: ["docker.io/library/one:latest", "host:5000/two:2"],
      buildargs: '{"a":"1","SOURCE_DATE_EPOCH":"5"}',
      labels: '{"b":"2"}',
      target: "stage",
      nocache: true,
      pull: true,
      platform: "linux/arm64",
      memory: 1 << 20,
      networkmode: "none",
      extrahosts: ["h:1.2.3.4"],
      rm: true,
      forcerm: true,
    });
  });

  it.each([
    ["secrets", { secrets: { s: { value: "x" } } }],
    ["ssh", { ssh: { default: "/agent" } }],
    ["contexts", { contexts: { c: "." } }],
    ["allow", { allow: ["security.insecure"] }],
    ["noCache", { noCache: ["stage"] }],
    ["hostCertificates", { hostCertificates: true }],
  ] as const)("can't say %s", (feature, options) => {
    expect(() => buildQuery(options, "Dockerfile", undefined)).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
    expect(() => buildQuery(options, "Dockerfile", undefined)).toThrow(feature);
  });
});

describe("attributes of BuildKit's frontend", () => {
  const places = { context: undefined, dockerfile: "Dockerfile", contexts: {} };

  it("say what the options say", () => {
    const options = {
      buildArgs: { a: "1" },
      labels: { b: "2" },
      target: "stage",
      noCache: ["x", "y"],
      pull: true,
      extraHosts: [
        { host: "h", address: "1.2.3.4" },
        { host: "g", address: "host-gateway" },
      ],
      sourceDateEpoch: 5,
    };
    expect(frontendAttributes(options, { ...places, contexts: { more: "local:more" } })).toEqual({
      filename: "Dockerfile",
      target: "stage",
      "no-cache": "x,y",
      "image-resolve-mode": "pull",
      "force-network-mode": "host",
      "add-hosts": "h=1.2.3.4,g=127.0.0.1",
      "label:b": "2",
      "context:more": "local:more",
      "build-arg:a": "1",
      "build-arg:SOURCE_DATE_EPOCH": "5",
    });
    expect(frontendAttributes({ noCache: true, network: "default" }, { ...places, context: "https://host/x.git" })).toEqual({
      filename: "Dockerfile",
      context: "https://host/x.git",
      dockerfilekey: "dockerfile",
      "no-cache": "",
      "image-resolve-mode": "default",
    });
  });

  it.each([
    ["memoryBytes", { memoryBytes: 1 }],
    ["hostCertificates", { hostCertificates: true }],
    ["host-gateway", { network: "default", extraHosts: [{ host: "h", address: "host-gateway" }] }],
  ] as const)("can't say %s", (feature, options) => {
    expect(() => frontendAttributes(options, places)).toThrow(feature);
  });
});
