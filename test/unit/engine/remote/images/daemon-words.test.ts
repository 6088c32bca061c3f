import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { imageInspectOf, removalOf } from "../../../../../src/engine/docker-api/image-json.js";
import { fromOci } from "../../../../../src/engine/oci/image-config.js";
import { configInstructions } from "../../../../../src/engine/remote/images/config-instructions.js";
import { registryFailure } from "../../../../../src/engine/remote/images/registry-failure.js";
import { transferProgress } from "../../../../../src/engine/remote/images/transfer-progress.js";

describe("lines of pull and push", () => {
  it.each([
    [
      { status: "Pulling from library/busybox", id: "latest" },
      { id: "busybox", status: "resolving" },
    ],
    [
      { status: "Pulling fs layer", id: "a" },
      { id: "a", status: "waiting" },
    ],
    [
      { status: "Downloading", id: "a", progressDetail: { current: 1, total: 2 } },
      { id: "a", status: "downloading", current: 1, total: 2 },
    ],
    [
      { status: "Extracting", id: "a", progressDetail: { current: 1 } },
      { id: "a", status: "unpacking", current: 1 },
    ],
    [
      { status: "Pull complete", id: "a", progressDetail: {} },
      { id: "a", status: "done" },
    ],
    [
      { status: "Already exists", id: "a" },
      { id: "a", status: "exists" },
    ],
    [
      { status: "Mounted from x/y", id: "a" },
      { id: "a", status: "exists" },
    ],
    [
      { status: "Pushing", id: "a", progressDetail: { current: 3, total: -1 } },
      { id: "a", status: "uploading", current: 3 },
    ],
    [{ status: "Digest: sha256:00" }, undefined],
  ])("%o", (line, progress) => {
    expect(transferProgress(line, "busybox")).toEqual(progress);
  });

  it("are never taken for more than they are", () => {
    const line = fc.record({ id: fc.string(), status: fc.string() }, { requiredKeys: [] });
    fc.assert(fc.property(line, (each) => void transferProgress(each, "busybox")));
  });
});

describe("what registries said to the daemon", () => {
  it.each([
    ["manifest for host/x:1 not found: manifest unknown: manifest unknown", "IMAGE_NOT_FOUND"],
    ["reading manifest 1 in host/x: manifest unknown", "IMAGE_NOT_FOUND"],
    ['failed to resolve reference "host/x:1": host/x:1: not found', "IMAGE_NOT_FOUND"],
    ["pull access denied for x, repository does not exist or may require 'docker login': denied: no", "REGISTRY_UNAUTHORIZED"],
    ['Head "http://host/v2/x/manifests/1": unauthorized: authentication required', "REGISTRY_UNAUTHORIZED"],
    ["no basic auth credentials", "REGISTRY_UNAUTHORIZED"],
    ["toomanyrequests: You have reached your pull rate limit", "REGISTRY_RATE_LIMITED"],
    ['Get "https://host/v2/": dial tcp 127.0.0.1:1: connect: connection refused', "REGISTRY_UNREACHABLE"],
    ['Get "https://host/v2/": x509: certificate signed by unknown authority', "REGISTRY_UNREACHABLE"],
    ["no matching manifest for linux/arm64/v8 in the manifest list entries", "IMAGE_PLATFORM_MISSING"],
    ["filesystem layer verification failed for digest sha256:00", "DIGEST_MISMATCH"],
    ["received unexpected HTTP status: 500 Internal Server Error", "REGISTRY_ERROR"],
  ])("%s is %s", (message, code) => {
    expect(registryFailure(message, { registry: "host", reference: "host/x:1", credentials: "none" })?.code).toBe(code);
  });

  it("anything else is not about the registry", () => {
    expect(
      registryFailure("the daemon is shutting down", { registry: "host", reference: "host/x:1", credentials: "none" }),
    ).toBeUndefined();
  });
});

describe("images as daemons show them", () => {
  it("have no names that say that there is none, and layers where the history had a size", () => {
    const image = imageInspectOf(
      {
        Id: "ab",
        RepoTags: ["<none>:<none>", "docker.io/library/x:1"],
        RepoDigests: null,
        Os: "linux",
        Architecture: "amd64",
        RootFS: { Layers: ["1", "2"] },
      },
      [
        { CreatedBy: "/bin/sh -c #(nop)  ENV a=b", Size: 0 },
        { CreatedBy: "RUN /bin/sh -c true # buildkit", Size: 0 },
        { CreatedBy: "COPY / / # buildkit", Size: 9 },
      ],
    );
    expect(image).toMatchObject({ id: "sha256:ab", references: ["x:1"], platform: "linux/amd64" });
    expect(image.history.map(({ emptyLayer }) => emptyLayer)).toEqual([false, false, true]);
  });

  it("are gone by name and by id", () => {
    expect(removalOf([{ Untagged: "x:latest" }, { Untagged: "x@sha256:00" }, { Deleted: "ab" }])).toEqual({
      untagged: ["x:latest"],
      deleted: ["sha256:ab"],
    });
    expect(removalOf(null)).toEqual({ untagged: [], deleted: [] });
  });
});

describe("a configuration as instructions", () => {
  it("quotes what a Dockerfile would read otherwise", () => {
    const config = {
      ...fromOci(),
      env: ['A=b "c" $d \\'],
      command: ["sh"],
      user: "$u",
      exposedPorts: ["1/tcp"],
      volumes: ["/v"],
      labels: { l: "m" },
    };
    expect(configInstructions(config)).toEqual([
      'ENV A="b \\"c\\" \\$d \\\\"',
      'LABEL l="m"',
      "EXPOSE 1/tcp",
      'VOLUME ["/v"]',
      "USER \\$u",
      'CMD ["sh"]',
    ]);
    expect(() => configInstructions({ ...fromOci(), shell: ["x"] })).toThrow("SHELL");
    expect(() => configInstructions({ ...fromOci(), env: ["A=b\nc"] })).toThrow("line ends");
  });
});
