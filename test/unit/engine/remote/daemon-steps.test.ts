/** Where daemons are looked for, as data: machines that the test machine is not. */
import { describe, expect, it } from "vitest";
import { type DetectionFacts, daemonSteps } from "../../../../src/engine/remote/detection/daemon-steps.js";
import { chosenContext, contextPaths, parseContext } from "../../../../src/engine/remote/detection/docker-context.js";
import { parseProperties } from "../../../../src/engine/remote/detection/java-properties.js";
import { defaultGateway, publishedHost } from "../../../../src/engine/remote/detection/published-host.js";
import { groupName } from "../../../../src/engine/remote/detection/socket-remedy.js";
import { parseDockerHost } from "../../../../src/engine/remote/docker-host.js";

const facts = (more: Partial<DetectionFacts> = {}): DetectionFacts => ({
  platform: "linux",
  uid: 1000,
  home: "/home/me",
  environment: {},
  properties: {},
  ...more,
});
const addresses = (more: Partial<DetectionFacts>): string[] =>
  daemonSteps(facts(more)).map((step) => ("address" in step ? step.address : step.reason));

describe("places of daemons", () => {
  it("are one, where the caller or the environment names it", () => {
    const environment = { DOCKER_HOST: "tcp://one:2376", DOCKER_TLS_VERIFY: "1", DOCKER_CONTEXT: "desk" };
    expect(daemonSteps(facts({ host: "ssh://two", environment }))).toMatchObject([{ address: "ssh://two", decisive: true }]);
    expect(daemonSteps(facts({ environment }))).toMatchObject([
      { origin: "DOCKER_HOST", tls: { ca: "/home/me/.docker/ca.pem", verify: true }, decisive: true },
    ]);
  });

  it("are those of Linux", () => {
    expect(addresses({ environment: { XDG_RUNTIME_DIR: "/run/user/1000" } })).toEqual([
      "unix:///var/run/docker.sock",
      "unix:///run/user/1000/docker.sock",
      "unix:///home/me/.docker/run/docker.sock",
      "unix:///home/me/.docker/desktop/docker.sock",
      "unix:///run/user/1000/podman/podman.sock",
      "unix:///run/podman/podman.sock",
      "unix:///home/me/.colima/default/docker.sock",
      "unix:///home/me/.config/colima/default/docker.sock",
      "unix:///home/me/.orbstack/run/docker.sock",
      "unix:///home/me/.rd/docker.sock",
      "unix:///home/me/.local/share/containers/podman/machine/podman.sock",
      "unix:///home/me/.local/share/containers/podman/machine/podman-machine-default/podman.sock",
      "unix:///home/me/.local/share/containers/podman/machine/qemu/podman.sock",
    ]);
  });

  it("are those of macOS, and the pipes of Windows", () => {
    const mac = addresses({ platform: "darwin", uid: 501, home: "/Users/me", environment: { TMPDIR: "/var/folders/x/T/" } });
    expect(mac).toContain("unix:///Users/me/.docker/run/docker.sock");
    expect(mac).toContain("unix:///var/folders/x/T/podman/podman-machine-default-api.sock");
    expect(mac.some((address) => address.includes("/run/user"))).toBe(false);
    expect(addresses({ platform: "win32", uid: undefined })[0]).toBe("npipe:////./pipe/docker_engine");
  });

  it("begin with the context and the properties that files choose, and go on with the usual ones", () => {
    const context = {
      name: "desk",
      by: "currentContext" as const,
      endpoint: { host: "tcp://desk:2376", skipTlsVerify: false },
      tls: { ca: "/ca.pem" },
      known: [],
    };
    const steps = daemonSteps(facts({ context, properties: { "docker.host": "tcp://box:2375", "tc.host": "tcp://first:1" } }));
    expect(steps.slice(0, 4)).toMatchObject([
      { origin: "docker context desk", address: "tcp://desk:2376", tls: { ca: "/ca.pem", key: undefined, verify: true }, decisive: false },
      { address: "tcp://first:1", decisive: false },
      { address: "tcp://box:2375", decisive: false },
      { address: "unix:///var/run/docker.sock" },
    ]);
    const missing = { ...context, by: "DOCKER_CONTEXT" as const, endpoint: undefined, known: ["other"] };
    expect(daemonSteps(facts({ context: missing }))).toMatchObject([
      { reason: "there is no such context", option: { name: "DOCKER_CONTEXT", allowed: ["default", "other"] }, decisive: true },
    ]);
  });
});

describe("what files say", () => {
  it("is read as docker reads contexts", () => {
    expect(chosenContext({ DOCKER_CONTEXT: "a" }, "b")).toEqual({ name: "a", by: "DOCKER_CONTEXT" });
    expect(chosenContext({}, "b")).toEqual({ name: "b", by: "currentContext" });
    expect(chosenContext({ DOCKER_CONTEXT: "default" }, "b")).toBeUndefined();
    expect(contextPaths("/c", "default").meta).toBe(
      "/c/contexts/meta/37a8eec1ce19687d132fe29051dca629d164e2c4958ba141d5f4133a33f0688f/meta.json",
    );
    expect(parseContext('{"Name":"a","Endpoints":{"docker":{"Host":"ssh://b","SkipTLSVerify":true}}}')).toEqual({
      name: "a",
      endpoint: { host: "ssh://b", skipTlsVerify: true },
    });
    expect(parseContext('{"Name":"a","Endpoints":{}}')).toEqual({ name: "a", endpoint: undefined });
    expect(parseContext("[")).toBeUndefined();
  });

  it("is read as Java reads properties", () => {
    const text =
      "# docker.host=no\n! neither=this\ndocker.host=tcp\\://box\\:2375\n  docker.tls.verify : 1\r\nlong=a\\\n   b\nlast=1\nlast=2";
    expect(parseProperties(text)).toEqual({ "docker.host": "tcp://box:2375", "docker.tls.verify": "1", long: "ab", last: "2" });
  });

  it("is read as groups are", () => {
    expect([groupName("root:x:0:\ndocker:x:998:me\n", 998), groupName("", 7)]).toEqual(["docker", "7"]);
  });
});

describe("addresses", () => {
  it.each([
    ["unix:///run//docker.sock", { kind: "unix", path: "/run/docker.sock" }],
    ["tcp://host", { kind: "tcp", host: "host", port: 2375, tls: false, path: "" }],
    ["tcp://host:80/prefix/", { kind: "tcp", host: "host", port: 80, tls: false, path: "/prefix" }],
    ["https://[::1]", { kind: "tcp", host: "::1", port: 2376, tls: true, path: "" }],
    ["ssh://me@host:22/run/docker.sock", { kind: "ssh", host: "host", port: 22, user: "me", path: "/run/docker.sock" }],
    ["npipe:////./pipe/docker_engine", { kind: "npipe", path: "\\\\.\\pipe\\docker_engine" }],
  ])("%s", (text, host) => {
    expect(parseDockerHost(text)).toEqual(host);
  });

  it.each([
    "",
    "/var/run/docker.sock",
    "unix://",
    "tcp://u:p@host",
    "ssh://u:p@host",
    "ssh://h/$(x)",
    "ssh://-x",
    "ssh://-l@h",
    "ssh://h%20x",
  ])("refuses %j", (text) => {
    expect(() => parseDockerHost(text)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });

  it("lead to the host of published ports", () => {
    const unix = parseDockerHost("unix:///s");
    const here = { hostname: "here" };
    expect(publishedHost({ host: unix, ...here })).toBe("localhost");
    expect(publishedHost({ host: unix, ...here, gateway: "172.17.0.1", daemonName: "machine" })).toBe("172.17.0.1");
    expect(publishedHost({ host: unix, ...here, gateway: "172.17.0.1", daemonName: "here" })).toBe("localhost");
    expect(publishedHost({ host: parseDockerHost("tcp://far:2375"), ...here, gateway: "172.17.0.1" })).toBe("far");
    expect(publishedHost({ host: parseDockerHost("tcp://0.0.0.0:2375"), ...here })).toBe("localhost");
    expect(publishedHost({ host: parseDockerHost("ssh://alias"), ...here, sshHostname: "far.example" })).toBe("far.example");
    expect(
      defaultGateway("Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\neth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\n"),
    ).toBe("172.17.0.1");
    expect(defaultGateway("")).toBeUndefined();
  });
});
