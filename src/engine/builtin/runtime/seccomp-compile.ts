/**
 * Compiles a profile to a seccomp filter (classic BPF, linux/filter.h): per architecture a binary search over ranges of numbers with
 * the same action, so that a call costs some eight comparisons whatever it is.
 */
import { fakingActions, type SyscallAction, syscallActions } from "./seccomp-profile.js";
import { type SyscallTable, syscallNumbers } from "./syscall-numbers.js";

/** `struct sock_filter`. */
export interface BpfInstruction {
  readonly code: number;
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly value: number;
}

const LOAD = 0x20;
const AND = 0x54;
const JUMP = 0x05;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_EQUAL = 0x35;
const RETURN = 0x06;
/** Conditional jumps reach no further. */
const JUMP_MAX = 255;

/** `struct seccomp_data`: nr, arch, instruction pointer, then six 64-bit arguments. */
const NUMBER_OFFSET = 0;
const ARCHITECTURE_OFFSET = 4;
const FIRST_ARGUMENT_OFFSET = 16;

const RET_ALLOW = 0x7fff_0000;
const RET_ERRNO = 0x0005_0000;
const EPERM = 1;
const ENOSYS = 38;

const AF_ALG = 38;
const AF_VSOCK = 40;
/** CLONE_NEW* but for CLONE_NEWTIME, which clone(2) can't take. */
const NAMESPACE_FLAGS = 0x7e02_0000;
/** 0, PER_LINUX32, UNAME26, both, and 0xffffffff which only asks. */
const PERSONALITIES = [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/** linux/audit.h AUDIT_ARCH_*, with the tables of the calling conventions that a kernel of that architecture takes. */
const ARCHITECTURES = {
  x64: [
    [0xc000_003e, syscallNumbers.x64],
    [0x4000_0003, syscallNumbers.ia32],
  ],
  arm64: [[0xc000_00b7, syscallNumbers.arm64]],
} as const;

/** stat.h: the type in a mode, where mknod and mknodat have it. */
const TYPE_MASK = 0o170000;
const DEVICES = [0o020000, 0o060000];
const ARGUMENT_SIZE = 8;

const compiled = new Map<string, Buffer>();

export interface FilterOptions {
  /** As Node names it. */
  readonly architecture: string;
  readonly capabilities: bigint;
  /** No profile: `privileged`, or `seccomp: "unconfined"`. @default false */
  readonly unconfined?: boolean;
  /** The user namespace has one id alone. @default false */
  readonly singleId?: boolean;
}

/** `struct sock_filter[]`; undefined for none: where nothing is to be refused or faked, and on an architecture that has no table. */
export function seccompFilter({ architecture, capabilities, unconfined = false, singleId = false }: FilterOptions): Buffer | undefined {
  if ((architecture !== "x64" && architecture !== "arm64") || (unconfined && !singleId)) return undefined;
  const key = `${architecture} ${unconfined ? "unconfined" : capabilities} ${singleId}`;
  let filter = compiled.get(key);
  if (!filter) {
    filter = encodeFilter(unconfined ? compileFakingFilter(architecture) : compileFilter(architecture, capabilities, singleId));
    compiled.set(key, filter);
  }
  return filter;
}

/** Docker's default profile, for a set of capabilities. */
export function compileFilter(architecture: keyof typeof ARCHITECTURES, capabilities: bigint, singleId = false): readonly BpfInstruction[] {
  return compile(architecture, (table) => syscallActions(table, capabilities, singleId), "enosys");
}

/** What a single id needs and no more. */
export function compileFakingFilter(architecture: keyof typeof ARCHITECTURES): readonly BpfInstruction[] {
  return compile(architecture, fakingActions, "allow");
}

/** @param beyond what happens to calls that no table has, and to those of other architectures */
function compile(
  architecture: keyof typeof ARCHITECTURES,
  actionsOf: (table: SyscallTable) => readonly SyscallAction[],
  beyond: SyscallAction,
): readonly BpfInstruction[] {
  const program: BpfInstruction[] = [statement(LOAD, ARCHITECTURE_OFFSET)];
  for (const [audit, table] of ARCHITECTURES[architecture]) {
    const search = [statement(LOAD, NUMBER_OFFSET), ...searchTree(rangesOf([...actionsOf(table), beyond]))];
    program.push(jump(JUMP_EQUAL, audit, 1, 0), statement(JUMP, search.length), ...search);
  }
  return [...program, ...perform(beyond)];
}

interface Range {
  readonly from: number;
  readonly action: SyscallAction;
}

function rangesOf(actions: readonly SyscallAction[]): Range[] {
  const ranges: Range[] = [];
  for (const [from, action] of actions.entries()) {
    if (ranges.at(-1)?.action !== action) ranges.push({ from, action });
  }
  return ranges;
}

function searchTree(ranges: readonly Range[]): BpfInstruction[] {
  const [only] = ranges;
  if (ranges.length === 1 && only) return perform(only.action);
  const middle = ranges.length >> 1;
  const low = searchTree(ranges.slice(0, middle));
  const high = searchTree(ranges.slice(middle));
  const from = ranges[middle]!.from;
  if (low.length <= JUMP_MAX) return [jump(JUMP_GREATER_EQUAL, from, low.length, 0), ...low, ...high];
  return [jump(JUMP_GREATER_EQUAL, from, 0, 1), statement(JUMP, low.length), ...low, ...high];
}

/** Only the low words of arguments are looked at: the kernel takes these three as 32-bit numbers, or has no flags above. */
function perform(action: SyscallAction): BpfInstruction[] {
  switch (action) {
    case "allow":
      return [statement(RETURN, RET_ALLOW)];
    case "eperm":
      return [statement(RETURN, RET_ERRNO | EPERM)];
    case "enosys":
      return [statement(RETURN, RET_ERRNO | ENOSYS)];
    case "fake":
      return [statement(RETURN, RET_ERRNO)];
    case "fakeMknod":
      return fakeDevices(1);
    case "fakeMknodat":
      return fakeDevices(2);
    case "socket":
      return [
        statement(LOAD, FIRST_ARGUMENT_OFFSET),
        jump(JUMP_EQUAL, AF_ALG, 2, 0),
        jump(JUMP_EQUAL, AF_VSOCK, 1, 0),
        ...perform("allow"),
        ...perform("eperm"),
      ];
    case "personality":
      return [
        statement(LOAD, FIRST_ARGUMENT_OFFSET),
        ...PERSONALITIES.map((value, index) => jump(JUMP_EQUAL, value, PERSONALITIES.length - index, 0)),
        ...perform("eperm"),
        ...perform("allow"),
      ];
    case "clone":
      return [
        statement(LOAD, FIRST_ARGUMENT_OFFSET),
        statement(AND, NAMESPACE_FLAGS),
        jump(JUMP_EQUAL, 0, 0, 1),
        ...perform("allow"),
        ...perform("eperm"),
      ];
  }
}

/** FIFOs, sockets and files need no privilege, and are made. */
function fakeDevices(modeArgument: number): BpfInstruction[] {
  return [
    statement(LOAD, FIRST_ARGUMENT_OFFSET + modeArgument * ARGUMENT_SIZE),
    statement(AND, TYPE_MASK),
    ...DEVICES.map((type, index) => jump(JUMP_EQUAL, type, DEVICES.length - index, 0)),
    ...perform("allow"),
    ...perform("fake"),
  ];
}

function statement(code: number, value: number): BpfInstruction {
  return { code, jumpTrue: 0, jumpFalse: 0, value };
}

function jump(code: number, value: number, jumpTrue: number, jumpFalse: number): BpfInstruction {
  return { code, jumpTrue, jumpFalse, value };
}

function encodeFilter(program: readonly BpfInstruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, { code, jumpTrue, jumpFalse, value }] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jumpTrue, index * 8 + 2);
    bytes.writeUInt8(jumpFalse, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  }
  return bytes;
}
