/** A step of a plan in words, for errors: "mounting proc on /proc", not "operation 27". */
import type { Operation } from "../supervisor/codec.js";

const PHRASES: Readonly<Partial<Record<Operation["op"], (operation: Operation) => string>>> = {
  OPEN_TREE: ({ path }) => `opening ${path} of the host`,
  OPEN_TREE_IN_ROOT: ({ path }) => `opening /${path}`,
  OPEN_TREE_BENEATH: ({ path, data }) => `opening ${data} in ${path}`,
  OPEN_TREE_OF: ({ path, name }) => `opening /${path} of ${name ? `container ${name.slice(0, 12)}` : "the host"}`,
  FSOPEN: ({ name }) => `preparing a ${name} file system`,
  FSCONFIG: ({ name, data }) => `setting the mount option ${name}${typeof data === "string" ? `=${data}` : ""}`,
  FSMOUNT: () => "creating the file system",
  MOVE_MOUNT: ({ path }) => `mounting on /${path}`,
  MOVE_MOUNT_HOST: ({ path }) => `mounting the root file system on ${path}`,
  MOUNT: ({ fstype, path }) => `mounting ${fstype} on ${path}`,
  MOUNT_POINT: ({ path }) => `creating the mount point /${path}`,
  POPULATE: ({ path }) => `filling the volume with what the image has in /${path}`,
  MKDIR: ({ path }) => `creating the directory /${path}`,
  TOUCH: ({ path }) => `creating the file /${path}`,
  MKNOD: ({ path }) => `creating the device /${path}`,
  WRITE: ({ path }) => `writing /${path}`,
  FLATTEN: ({ path }) => `copying layers to ${path}`,
  TREE_DIFF: ({ cwd }) => `comparing ${cwd} with its layers`,
  HOST_MKDIR: ({ path }) => `creating ${path}`,
  SINGLE_ID: ({ uid }) => `making a user namespace for the id ${uid}`,
  HOST_CHOWN: ({ path }) => `changing the owner of ${path}`,
  HOST_WRITE: ({ path, data }) => `writing ${typeof data === "string" && data.length < 40 ? `${JSON.stringify(data)} to ` : ""}${path}`,
  SYSCTL: ({ path, data }) => `setting the kernel parameter ${path?.replaceAll("/", ".")} to ${JSON.stringify(data)}`,
  PIVOT_ROOT: () => "entering the root file system",
  UNSHARE: () => "creating a namespace",
  JOIN: ({ name }) => `joining namespaces of container ${name?.slice(0, 12)}`,
  SETNS: () => "joining the container's namespaces",
  NETLINK: () => "configuring the loopback interface",
  RLIMIT: ({ resource }) => `setting resource limit ${resource}`,
  PTY: () => "opening a terminal",
  CONSOLE: () => "binding the terminal to /dev/console",
  CHDIR: ({ path }) => `changing to the working directory ${path}`,
  GROUPS: () => "setting the supplementary groups",
  SETGID: ({ gid }) => `becoming group ${gid}`,
  SETUID: ({ uid }) => `becoming user ${uid}`,
  CAPSET: () => "setting capabilities",
  BOUNDING: () => "dropping capabilities",
  SECCOMP: () => "installing the seccomp filter",
  BPF_DEVICE: ({ path }) => `installing the device rules of ${path}`,
  EXEC: ({ arg }) => `executing ${arg?.[0] ?? ""}`,
};

export function describeOperation(operation: Operation): string {
  return PHRASES[operation.op]?.(operation) ?? operation.op.toLowerCase().replaceAll("_", " ");
}
