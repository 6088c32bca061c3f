/** Numbers of the kernel's interface that plans are made of; names and values are those of the uapi headers. */

export const CloneFlag = {
  NEWNS: 0x20000,
  NEWCGROUP: 0x2000000,
  NEWUTS: 0x4000000,
  NEWIPC: 0x8000000,
  NEWUSER: 0x10000000,
  NEWPID: 0x20000000,
  NEWNET: 0x40000000,
} as const;

/** mount(2) */
export const MountFlag = {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  REC: 1 << 14,
  PRIVATE: 1 << 18,
  SLAVE: 1 << 19,
  SHARED: 1 << 20,
} as const;

/** fsmount(2), mount_setattr(2) */
export const MountAttr = { RDONLY: 1, NOSUID: 2, NODEV: 4, NOEXEC: 8, STRICTATIME: 0x20 } as const;

/** fsconfig(2) */
export const FsConfig = { SET_FLAG: 0, SET_STRING: 1, SET_FD: 5 } as const;

/** open_tree(2) */
export const OpenTree = { CLONE: 1, RECURSIVE: 0x8000 } as const;

export const FileType = { CHARACTER: 0o020000, BLOCK: 0o060000 } as const;

export const SIGKILL = 9;

/** As the kernel encodes a device number for mknod(2): `makedev` of sys/sysmacros.h. */
export function makeDevice(major: number, minor: number): number {
  return ((major & 0xfff) << 8) | (minor & 0xff) | ((minor & ~0xff) * 0x1000);
}
