import { describe, expect, it } from "vitest";
import { procIsMasked } from "../../../../../src/engine/builtin/containers/fit-host.js";
import {
  type ConfinementFacts,
  confinementRemedy,
  procRemedy,
  userNamespaceRemedy,
} from "../../../../../src/engine/builtin/runtime/confinement.js";
import { isNested } from "../../../../../src/engine/builtin/runtime/read-host-facts.js";

const FREE: ConfinementFacts = {
  seccomp: false,
  appArmorProfile: undefined,
  appArmorRestrictsUserNamespaces: false,
  userNamespacesAreRoots: false,
  maxUserNamespaces: 60_000,
  container: undefined,
};

describe("the remedy for a refused user namespace", () => {
  it.each<[string, string | undefined, Partial<ConfinementFacts>, RegExp]>([
    ["the limit", "ENOSPC", { maxUserNamespaces: 0 }, /max_user_namespaces is 0\. As root: sysctl -w user\.max_user_namespaces=15000/],
    ["too many", "ENOSPC", {}, /too many/],
    ["Debian's switch", "EPERM", { userNamespacesAreRoots: true }, /sysctl -w kernel\.unprivileged_userns_clone=1/],
    ["AppArmor", "EACCES", { appArmorRestrictsUserNamespaces: true }, /sysctl -w kernel\.apparmor_restrict_unprivileged_userns=0/],
    ["seccomp", "EPERM", { seccomp: true, appArmorRestrictsUserNamespaces: true }, /^A seccomp filter .*--security-opt seccomp=unconfined/],
    ["the kernel", "EINVAL", {}, /CONFIG_USER_NS/],
    ["nothing that is known", "EPERM", {}, /sandbox .* or a chroot/],
  ])("is that of %s", (_, code, facts, remedy) => {
    expect(userNamespaceRemedy(code, { ...FREE, ...facts })).toMatch(remedy);
  });
});

describe("the remedy for other refusals", () => {
  it.each<[string, Partial<ConfinementFacts>, RegExp]>([
    [
      "in a Docker container",
      { seccomp: true, appArmorProfile: "docker-default", container: "Docker" },
      /Docker container .* seccomp=unconfined --security-opt apparmor=unconfined/,
    ],
    ["in Kubernetes", { seccomp: true, container: "Kubernetes" }, /securityContext\.seccompProfile\.type: Unconfined/],
    ["of AppArmor alone", { appArmorProfile: "docker-default", container: "Docker" }, /profile docker-default .*apparmor=unconfined/],
    ["outside of containers", { appArmorProfile: "snap.node" }, /profile snap\.node .* allow it there/],
  ])("%s", (_, facts, remedy) => {
    expect(confinementRemedy({ ...FREE, ...facts }, true)).toMatch(remedy);
  });

  it("is nobody's where nothing confines this process, and AppArmor's rule about user namespaces is not for root", () => {
    expect(confinementRemedy(FREE, true)).toBeUndefined();
    expect(confinementRemedy({ ...FREE, appArmorRestrictsUserNamespaces: true }, false)).toBeUndefined();
  });

  it("says who masks /proc", () => {
    const said = (["Docker", "Podman", "Kubernetes", undefined] as const).map((container) => procRemedy({ ...FREE, container }));
    expect(said).toEqual(
      ["systempaths=unconfined", "unmask=ALL", "procMount: Unmasked", "unmask=ALL"].map((part) => expect.stringContaining(part)),
    );
  });
});

describe("a user namespace around this process", () => {
  it("is one whose ids are not all of them", () => {
    expect(isNested("         0          0 4294967295\n")).toBe(false);
    expect(isNested("         0       1000          1\n         1     100000      65536\n")).toBe(true);
    expect(isNested("         0          0      70000\n")).toBe(true);
    expect(isNested("")).toBe(false); // a kernel without user namespaces
  });
});

describe("a masked /proc", () => {
  const line = (target: string, options = "rw,relatime") => `31 1 0:5 / ${target} ${options} - proc proc rw`;

  it("has something mounted below it, or is read-only", () => {
    expect(procIsMasked([line("/"), line("/proc")].join("\n"))).toBe(false);
    expect(procIsMasked([line("/proc"), line("/proc/kcore")].join("\n"))).toBe(true);
    expect(procIsMasked(line("/proc", "ro,nosuid"))).toBe(true);
    expect(procIsMasked(line("/processes/kcore"))).toBe(false);
  });

  it("is not one for systemd's automount point", () => {
    expect(procIsMasked([line("/proc"), line("/proc/sys/fs/binfmt_misc")].join("\n"))).toBe(false);
  });
});
