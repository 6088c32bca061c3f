import { describe, expect, it } from "vitest";
import { capabilitySet } from "../../../../../src/engine/builtin/runtime/capabilities.js";
import {
  type BpfInstruction,
  compileFakingFilter,
  compileFilter,
  seccompFilter,
} from "../../../../../src/engine/builtin/runtime/seccomp-compile.js";
import { syscallActions } from "../../../../../src/engine/builtin/runtime/seccomp-profile.js";
import { syscallNumbers } from "../../../../../src/engine/builtin/runtime/syscall-numbers.js";

const ALL = (1n << 41n) - 1n;
const docker = capabilitySet({}, ALL);
const X64 = 0xc000003e;
const IA32 = 0x40000003;
const ALLOW = 0x7fff0000;
const errno = (number: number): number => 0x50000 | number;

/** Runs a filter as the kernel does; counts the steps. */
function run(
  program: readonly BpfInstruction[],
  architecture: number,
  number: number,
  argument = 0,
  second = 0,
  third = 0,
): { result: number; steps: number } {
  const data: Readonly<Record<number, number>> = { 0: number, 4: architecture, 16: argument, 24: second, 32: third };
  let accumulator = 0;
  let steps = 0;
  for (let at = 0; at < program.length; at++) {
    const { code, jumpTrue, jumpFalse, value } = program[at]!;
    steps++;
    if (code === 0x20) accumulator = data[value]!;
    else if (code === 0x54) accumulator = (accumulator & value) >>> 0;
    else if (code === 0x05) at += value;
    else if (code === 0x15) at += accumulator === value ? jumpTrue : jumpFalse;
    else if (code === 0x35) at += accumulator >= value ? jumpTrue : jumpFalse;
    else if (code === 0x06) return { result: value, steps };
    else throw new Error(`No such instruction: ${code}`);
  }
  throw new Error("The filter ran off its end");
}

describe("the default seccomp filter", () => {
  const filter = compileFilter("x64", docker);

  it.each([
    ["x64", X64],
    ["ia32", IA32],
  ] as const)("does to every call of %s what the profile says", (name, architecture) => {
    const actions = syscallActions(syscallNumbers[name], docker);
    const expected = { allow: ALLOW, eperm: errno(1), enosys: errno(38) };
    for (const [number, action] of actions.entries()) {
      if (action === "allow" || action === "eperm" || action === "enosys")
        expect(run(filter, architecture, number).result).toBe(expected[action]);
    }
  });

  it("answers calls of later kernels, x32 and other architectures with ENOSYS", () => {
    expect(run(filter, X64, 5000).result).toBe(errno(38));
    expect(run(filter, X64, 0x40000001).result).toBe(errno(38));
    expect(run(filter, 0xc00000b7, 0).result).toBe(errno(38));
  });

  it("allows clone without namespaces only, and makes callers of clone3 fall back to it", () => {
    expect(run(filter, X64, 56, 0x3d0f00).result).toBe(ALLOW);
    for (const flag of [0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000])
      expect(run(filter, X64, 56, flag).result).toBe(errno(1));
    expect(run(filter, X64, 435).result).toBe(errno(38));
  });

  it("denies the socket families that reach into the kernel or the hypervisor", () => {
    expect([1, 2, 10, 16, 17].map((family) => run(filter, X64, 41, family).result)).toEqual(Array(5).fill(ALLOW));
    expect([38, 40].map((family) => run(filter, X64, 41, family).result)).toEqual([errno(1), errno(1)]);
  });

  it("allows five personalities", () => {
    expect([0, 8, 0x20000, 0x20008, 0xffffffff].map((value) => run(filter, X64, 135, value).result)).toEqual(Array(5).fill(ALLOW));
    expect(run(filter, X64, 135, 0x40000).result).toBe(errno(1));
  });

  it("opens what a capability opens", () => {
    const admin = compileFilter("x64", capabilitySet({ capAdd: ["SYS_ADMIN"] }, ALL));
    expect(run(filter, X64, 165).result).toBe(errno(1));
    expect(run(admin, X64, 165).result).toBe(ALLOW);
    expect(run(admin, X64, 56, 0x10000000).result).toBe(ALLOW);
  });

  it("answers changes of owner and ids, and new devices, with success where there is one id", () => {
    const single = compileFilter("x64", docker, true);
    const success = errno(0);
    const changes = [92, 93, 94, 260, 105, 106, 113, 114, 116, 117, 119, 122, 123];
    expect(changes.map((number) => run(single, X64, number).result ^ success)).toEqual(changes.map(() => 0));
    expect(changes.map((number) => run(filter, X64, number).result)).toEqual(changes.map(() => ALLOW));
    // 16- and 32-bit: lchown, chown, setuid; lchown32, setuid32.
    expect([16, 182, 23, 198, 213].map((number) => run(single, IA32, number).result)).toEqual(Array(5).fill(success));
    for (const device of [0o020666, 0o060660]) {
      expect(run(single, X64, 133, 0, device).result).toBe(success);
      expect(run(single, X64, 259, 0, 0, device).result).toBe(success);
      expect(run(filter, X64, 133, 0, device).result).toBe(ALLOW);
    }
    for (const made of [0, 0o644, 0o010644, 0o100644, 0o140644]) {
      expect(run(single, X64, 133, 0, made).result).toBe(ALLOW);
      expect(run(single, X64, 259, 0, 0, made).result).toBe(ALLOW);
    }
    expect(run(single, X64, 0x40000000 + 92).result).toBe(errno(38));
  });

  it("without a profile, does the same and allows the rest", () => {
    const faking = compileFakingFilter("x64");
    expect([92, 260, 105, 117].map((number) => run(faking, X64, number).result)).toEqual(Array(4).fill(errno(0)));
    expect(run(faking, X64, 133, 0, 0o020666).result).toBe(errno(0));
    expect(run(faking, X64, 133, 0, 0o010644).result).toBe(ALLOW);
    expect(run(faking, IA32, 182).result).toBe(errno(0));
    // mount, clone3, io_uring_setup; what is later than the table; x32; arm64.
    expect([165, 435, 425, 5000, 0x40000000 + 92].map((number) => run(faking, X64, number).result)).toEqual(Array(5).fill(ALLOW));
    expect(run(faking, 0xc00000b7, 0).result).toBe(ALLOW);
  });

  it("is none where nothing is refused or faked", () => {
    const options = { architecture: "x64", capabilities: docker };
    expect(seccompFilter({ ...options, unconfined: true })).toBeUndefined();
    expect(seccompFilter({ ...options, architecture: "riscv64", singleId: true })).toBeUndefined();
    const filters = [
      seccompFilter(options),
      seccompFilter({ ...options, singleId: true }),
      seccompFilter({ ...options, unconfined: true, singleId: true }),
    ];
    expect(new Set(filters.map((one) => one?.toString("hex"))).size).toBe(3);
  });

  it("takes few steps, and fits the kernel's limit", () => {
    const steps = [...syscallNumbers.x64.values()].map((number) => run(filter, X64, number).steps);
    expect(Math.max(...steps)).toBeLessThan(18);
    expect(filter.length).toBeLessThan(4096);
  });
});
