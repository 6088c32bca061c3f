/** The words of Docker 20.10 to 28 and of Podman 4, as they were heard or stand in their sources. */
import { expect, it } from "vitest";
import { apiFailure, connectionFailure, endedMeanwhile, lostDaemon } from "../../../../src/engine/remote/failures.js";

const request = { doing: "Doing it", container: "c", network: "n", volume: "v" };

it.each([
  [404, "No such container: c", "CONTAINER_NOT_FOUND"],
  [404, 'no container with name or ID "c" found: no such container', "CONTAINER_NOT_FOUND"],
  [409, 'Conflict. The container name "/taken" is already in use by container "0123456789ab".', "CONTAINER_NAME_TAKEN"],
  [409, "You cannot remove a running container 01. Stop the container before attempting removal or force remove", "CONTAINER_RUNNING"],
  [409, 'cannot remove container "/x": container is running: stop the container before removing or force remove', "CONTAINER_RUNNING"],
  [409, "Container c is already paused", "CONTAINER_PAUSED"],
  [500, "Container c is not paused", "CONTAINER_NOT_PAUSED"],
  [409, "Container c is not running", "CONTAINER_NOT_RUNNING"],
  [404, "No such image: nope:latest", "IMAGE_NOT_FOUND"],
  [404, "network n not found", "NETWORK_NOT_FOUND"],
  [409, "network with name n already exists", "NETWORK_NAME_TAKEN"],
  [403, "error while removing network: network n id 01 has active endpoints", "NETWORK_IN_USE"],
  [403, "endpoint with name c already exists in network n", "NETWORK_ALREADY_CONNECTED"],
  [500, "container 01 is not connected to network n", "NETWORK_NOT_CONNECTED"],
  [404, "get v: no such volume", "VOLUME_NOT_FOUND"],
  [409, "remove v: volume is in use - [01]", "VOLUME_IN_USE"],
  [400, 'unable to start container process: exec: "nope": executable file not found in $PATH: unknown', "COMMAND_NOT_FOUND"],
  [400, 'unable to start container process: exec: "/etc/passwd": permission denied: unknown', "COMMAND_NOT_EXECUTABLE"],
  [500, "Bind for 0.0.0.0:8080 failed: port is already allocated", "PORT_IN_USE"],
  [500, "write /var/lib/docker/x: no space left on device", "DISK_FULL"],
  [500, 'error mounting "/gone" to rootfs at "/x": stat /gone: no such file or directory: unknown', "PATH_NOT_FOUND"],
  [400, "unable to find user nobody-here: no matching entries in passwd file", "OPTION_INVALID"],
  [500, "can't join IPC of container 01: non-shareable IPC (hint: use IpcMode:shareable for the donor container)", "OPTION_INVALID"],
  [500, "something else", "DAEMON_ERROR"],
])("%i %s is %s", (status, message, code) => {
  const error = apiFailure(request, status, message);
  expect(error.code).toBe(code);
  if (code !== "OPTION_INVALID") expect(error.message).toContain(message);
});

it.each([
  ["Unable to find group nonesuch: no matching entries in group file", "groupAdd"],
  ["unable to find group nonesuch: no matching entries in group file", "user"],
  ['error gathering device information while adding custom device "/nonesuch": no such file or directory', "devices.hostPath"],
  ["path /tmp/a is mounted on /tmp but it is not a shared or slave mount", "mounts.propagation"],
  ["Invalid value 0-9999 for cpuset cpus: value of out range, maximum is 8192", "resources.cpusetCpus"],
  ["Requested CPUs are not available - requested 0-9999, available: 0-1", "resources.cpusetCpus"],
  ["Requested memory nodes are not available - requested 9, available: 0", "resources.cpusetMems"],
])("%s is about the option %s", (message, option) => {
  expect(apiFailure(request, 400, message).facts).toMatchObject({ option });
});

it("of two containers, the one that does not run is named", () => {
  const id = "0123456789abcdef".repeat(4);
  expect(apiFailure(request, 409, `container ${id} is not running`).facts).toMatchObject({ containerId: id });
});

it("a port that is in use is named", () => {
  expect(apiFailure(request, 500, "listen tcp4 127.0.0.1:8080: bind: address already in use").facts).toEqual({
    hostIp: "127.0.0.1",
    hostPort: 8080,
  });
});

it("a daemon that can't be reached comes with its reason and what to do", () => {
  const denied = Object.assign(new Error("connect EACCES /var/run/docker.sock"), { code: "EACCES" });
  expect(connectionFailure("unix:///var/run/docker.sock", denied)).toMatchObject({
    code: "ENGINE_UNAVAILABLE",
    remedy: expect.stringContaining("group"),
  });
  const cut = Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" });
  expect(lostDaemon("unix:///x", request, cut)).toMatchObject({
    code: "DAEMON_UNREACHABLE",
    facts: { doing: "Doing it", errno: undefined },
  });
});

it.each([
  [500, "read /proc/16169/cgroup: no such process", true],
  [500, "open /proc/16169/cgroup: no such file or directory", true],
  [500, "open /var/lib/x: no such file or directory", false],
  [404, "No such container: c", false],
])("%i %s: that a process ended meanwhile is %s", (status, message, ended) => {
  expect(endedMeanwhile(apiFailure(request, status, message))).toBe(ended);
});
