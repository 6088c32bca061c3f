/** Flags of docker's that are not served, each with the reason, or with what does the same. */
export const ONE_PLATFORM = "an image is kept for one platform";
export const TAGS_BY_NAME = "name the tags one by one";

const WINDOWS = "it is for Windows";
const REAL_TIME = "containers get no real-time scheduling";
const DEVICES = "name the devices with --device";

/** Of `update`, too. */
export const REFUSED_LIMIT_FLAGS: Readonly<Record<string, string>> = {
  "cpu-rt-period": REAL_TIME,
  "cpu-rt-runtime": REAL_TIME,
  "kernel-memory": "kernels have no such limit any more",
};

/** Of `run` and `create`. */
export const REFUSED_CONTAINER_FLAGS: Readonly<Record<string, string>> = {
  ...REFUSED_LIMIT_FLAGS,
  "blkio-weight-device": "--blkio-weight is the share of all disks; rates are limited by disk, --device-read-bps",
  "cgroup-parent": "cgroups are made below the engine's own",
  cgroupns: "each container has a cgroup namespace of its own",
  "cpu-count": WINDOWS,
  "cpu-percent": WINDOWS,
  "device-cgroup-rule": DEVICES,
  gpus: DEVICES,
  "io-maxbandwidth": WINDOWS,
  "io-maxiops": WINDOWS,
  isolation: WINDOWS,
  link: "containers on one network find each other by name and alias: --network",
  "link-local-ip": "a container has one address of each family on a network: --ip, --ip6",
  "memory-swappiness": "cgroup v2 has no such setting",
  "oom-kill-disable": "a container that has no memory left is ended; --oom-score-adj says who goes first",
  "storage-opt": "what a container writes is limited by the disk alone",
  "use-api-socket": "mount the socket: -v SOCKET:/var/run/docker.sock",
  userns: "there is one mapping of users, that of the engine",
};

const SWARM = "it is for swarm";

/** Of `network create`. */
export const REFUSED_NETWORK_FLAGS: Readonly<Record<string, string>> = {
  attachable: SWARM,
  "aux-address": "leave such addresses out of --ip-range",
  "config-from": SWARM,
  "config-only": SWARM,
  ingress: SWARM,
  ipv4: "every network has IPv4 addresses",
  "ipam-driver": "there is none but the engine's own",
  "ipam-opt": "there is none but the engine's own",
  opt: "the bridge has no options",
  scope: SWARM,
};
