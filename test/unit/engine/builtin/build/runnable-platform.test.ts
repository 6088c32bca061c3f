import { expect, it } from "vitest";
import { emulatorName, isUsableEmulator } from "../../../../../src/engine/builtin/build/steps/runnable-platform.js";

it.each([
  ["arm64", "qemu-aarch64"],
  ["amd64", "qemu-x86_64"],
  ["s390x", "qemu-s390x"],
  ["386", "qemu-i386"],
  ["riscv64", "qemu-riscv64"],
])("%s is run by %s", (architecture, name) => {
  expect(emulatorName(architecture)).toBe(name);
});

it.each([
  ["enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: OCF\noffset 0\nmagic 7f45\n", true],
  ["enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: OC\noffset 0\nmagic 7f45\n", false],
  ["disabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: OCF\n", false],
  ["", false],
])("%j: usable in a container: %s", (entry, usable) => {
  expect(isUsableEmulator(entry)).toBe(usable);
});
