import { describe, expect, it } from "vitest";
import { parsePort } from "../../../src/container/ports.js";
import { parseSecurityOptions } from "../../../src/engine/security-options.js";

describe("parsePort", () => {
  it.each([
    [5432, { containerPort: 5432, protocol: "tcp" }],
    ["53/udp", { containerPort: 53, protocol: "udp" }],
    ["80", { containerPort: 80, protocol: "tcp" }],
    [
      { container: 80, host: 8080 },
      { containerPort: 80, protocol: "tcp", hostPort: 8080 },
    ],
  ] as const)("reads %j", (given, binding) => {
    expect(parsePort(given)).toEqual(binding);
  });

  it.each([0, -1, 65_536, 1.5, "http", "80/sctp", "", { container: 0 }] as const)("refuses %j", (given) => {
    expect(() => parsePort(given)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });
});

describe("parseSecurityOptions", () => {
  it("knows Docker's words", () => {
    expect(parseSecurityOptions(["no-new-privileges", "seccomp=unconfined", "label=disable"])).toEqual({
      noNewPrivileges: true,
      seccomp: "unconfined",
    });
    expect(parseSecurityOptions(["no-new-privileges:true"])).toEqual({ noNewPrivileges: true });
  });

  it("names what is allowed", () => {
    expect(() => parseSecurityOptions(["seccomp=/profile.json"])).toThrow(/Allowed: no-new-privileges, .*seccomp=unconfined/);
  });
});
