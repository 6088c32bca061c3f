/** Which devices a container may use: Docker's list, as a program for the cgroup's device hook (BPF_PROG_TYPE_CGROUP_DEVICE, Linux 4.15). */

export interface DeviceRule {
  readonly type: "c" | "b" | "a";
  /** -1 for any. */
  readonly major: number;
  readonly minor: number;
  /** Of `r`, `w`, `m`. */
  readonly permissions: string;
}

/** Creating any node is harmless as opening it is not: that is how image builds make device nodes. */
export const DEFAULT_DEVICE_RULES: readonly DeviceRule[] = [
  { type: "c", major: -1, minor: -1, permissions: "m" },
  { type: "b", major: -1, minor: -1, permissions: "m" },
  ...[
    [1, 3], // null
    [1, 5], // zero
    [1, 7], // full
    [1, 8], // random
    [1, 9], // urandom
    [5, 0], // tty
    [5, 1], // console
    [5, 2], // ptmx
    [136, -1], // pts
  ].map(([major = 0, minor = 0]) => ({ type: "c" as const, major, minor, permissions: "rwm" })),
];

/** As devices.allow of cgroup v1 takes them: `c 1:3 rwm`. */
export function deviceList(rules: readonly DeviceRule[]): string[] {
  const number = (value: number): string => (value < 0 ? "*" : String(value));
  return rules.map(({ type, major, minor, permissions }) => `${type} ${number(major)}:${number(minor)} ${permissions}`);
}

/** linux/bpf.h: enum BPF_DEVCG_ACC_* and BPF_DEVCG_DEV_* */
const ACCESS = { m: 1, r: 2, w: 4 } as const;
const ALL_ACCESS = 7;
const TYPE = { b: 1, c: 2 } as const;

/** Opcodes: class | size or source | operation, as linux/bpf_common.h composes them. */
const LOAD_WORD = 0x61;
const MOVE_IMMEDIATE = 0xb7;
const MOVE_REGISTER = 0xbf;
const AND_IMMEDIATE = 0x57;
const SHIFT_RIGHT_IMMEDIATE = 0x77;
const JUMP_NOT_EQUAL = 0x55;
const EXIT = 0x95;

/** Registers: r1 is the context { u32 access << 16 | type, u32 major, u32 minor }. */
const [RESULT, CONTEXT, KIND, WANTED, MAJOR, MINOR, SCRATCH] = [0, 1, 2, 3, 4, 5, 6];

interface Instruction {
  readonly code: number;
  readonly destination?: number;
  readonly source?: number;
  readonly offset?: number;
  readonly immediate?: number;
}

/** `struct bpf_insn[]`: allows what any rule allows. */
export function compileDeviceRules(rules: readonly DeviceRule[]): Buffer {
  const program: Instruction[] = [
    { code: LOAD_WORD, destination: KIND, source: CONTEXT, offset: 0 },
    { code: MOVE_REGISTER, destination: WANTED, source: KIND },
    { code: SHIFT_RIGHT_IMMEDIATE, destination: WANTED, immediate: 16 },
    { code: AND_IMMEDIATE, destination: KIND, immediate: 0xffff },
    { code: LOAD_WORD, destination: MAJOR, source: CONTEXT, offset: 4 },
    { code: LOAD_WORD, destination: MINOR, source: CONTEXT, offset: 8 },
    ...rules.flatMap(compileRule),
    { code: MOVE_IMMEDIATE, destination: RESULT, immediate: 0 },
    { code: EXIT },
  ];
  return Buffer.concat(program.map(encode));
}

function compileRule(rule: DeviceRule): Instruction[] {
  const allowed = [...rule.permissions].reduce((bits, letter) => bits | ACCESS[letter as keyof typeof ACCESS], 0);
  const tests: Instruction[][] = [];
  if (rule.type !== "a") tests.push([{ code: JUMP_NOT_EQUAL, destination: KIND, immediate: TYPE[rule.type] }]);
  if (allowed !== ALL_ACCESS) {
    tests.push([
      { code: MOVE_REGISTER, destination: SCRATCH, source: WANTED },
      { code: AND_IMMEDIATE, destination: SCRATCH, immediate: ALL_ACCESS & ~allowed },
      { code: JUMP_NOT_EQUAL, destination: SCRATCH, immediate: 0 },
    ]);
  }
  if (rule.major >= 0) tests.push([{ code: JUMP_NOT_EQUAL, destination: MAJOR, immediate: rule.major }]);
  if (rule.minor >= 0) tests.push([{ code: JUMP_NOT_EQUAL, destination: MINOR, immediate: rule.minor }]);
  const body = [...tests.flat(), { code: MOVE_IMMEDIATE, destination: RESULT, immediate: 1 }, { code: EXIT }];
  return body.map((instruction, index) =>
    instruction.code === JUMP_NOT_EQUAL ? { ...instruction, offset: body.length - index - 1 } : instruction,
  );
}

function encode({ code, destination = 0, source = 0, offset = 0, immediate = 0 }: Instruction): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(code, 0);
  bytes.writeUInt8((source << 4) | destination, 1);
  bytes.writeInt16LE(offset, 2);
  bytes.writeInt32LE(immediate, 4);
  return bytes;
}
