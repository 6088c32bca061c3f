/** What every engine owes about single containers: their lives, their isolation, their ports, their failures. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { ContainerSpec, ListeningSocket } from "../../src/engine/engine.js";
import { SINGLE_ID } from "../fixtures/rootless.js";
import { ENGINES } from "./engines.js";
import { useEngine } from "./workbench.js";

describe.each(ENGINES)("the $name engine:", (candidate) => {
  const at = useEngine(candidate);
  const loopback = (): string[] => (at.engine.supports.publishIpv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"]);

  describe("a container", () => {
    it("keeps its exit code, and its two outputs apart", async () => {
      expect(await at.shell("echo out; echo err >&2; exit 3")).toEqual({ stdout: "out\n", stderr: "err\n", exitCode: 3, oomKilled: false });
    });

    it("tells by which signal it ended", async () => {
      const id = await at.start({ command: ["sleep", "60"], init: true });
      await at.engine.containers.kill(id);
      expect(await at.engine.containers.wait(id)).toEqual({ exitCode: 137, signal: "SIGKILL", oomKilled: false });
    });

    it("has Docker's capabilities, a seccomp filter and no way to the host's files", async () => {
      const { stdout } = await at.shell(
        "grep -E '^(CapEff|CapInh|Seccomp):' /proc/self/status; ls /; cat /proc/1/comm; mount -t tmpfs x /tmp || echo refused",
      );
      expect(stdout).toContain("CapInh:\t0000000000000000\nCapEff:\t00000000a80425fb\nSeccomp:\t2\n");
      expect(stdout).toContain("bin\ndev\netc\nhome\nproc\nroot\nsys\ntmp\nusr\nvar\nsh\nrefused");
    });

    it("runs as the user that its own files name", async () => {
      const [uid, groups, home] = (await at.shell("id -u; id -G; echo $HOME", { user: "app" })).stdout.split("\n");
      expect([uid, home]).toEqual(["1000", "/home/app"]);
      // Where there is one id, there is no other group to be in.
      expect(groups).toMatch(SINGLE_ID ? /^1000\b/ : /^1000 2000$/);
    });

    it("has the environment, the host name, the mounts and the limits it was given", async () => {
      const { stdout } = await at.shell(
        "echo $A; hostname; pwd; ulimit -n; cat /data/package.json | head -c 1; touch /data/x 2>&1; cat /proc/sys/net/ipv4/ip_default_ttl",
        {
          env: { A: "b c" },
          hostname: "box",
          workingDir: "/made/here",
          ulimits: [{ name: "nofile", soft: 512, hard: 512 }],
          mounts: [{ type: "bind", source: process.cwd(), target: "/data", readonly: true }],
          sysctls: { "net.ipv4.ip_default_ttl": "99" },
        },
      );
      expect(stdout).toBe("b c\nbox\n/made/here\n512\n{touch: /data/x: Read-only file system\n99\n");
    });

    it("can be read-only", async () => {
      expect(
        (await at.shell("touch /x 2>&1; touch /tmp/y && echo ok", { readonlyRootfs: true, mounts: [{ type: "tmpfs", target: "/tmp" }] }))
          .stdout,
      ).toBe("touch: /x: Read-only file system\nok\n");
    });

    it("may not open devices of the host", async () => {
      const { stdout } = await at.shell("(mknod /tmp/disk b 253 0 && dd if=/tmp/disk of=/dev/null count=1) 2>&1");
      // Where there is one id, mknod says that it is done, and nothing is there.
      expect(stdout).toContain(SINGLE_ID ? "No such file or directory" : "Operation not permitted");
    });

    it("is killed for memory beyond its limit, and says so", async (context) => {
      if (!at.engine.supports.limits.memory) context.skip("this host enforces no memory limits");
      const exit = await at.shell("tail /dev/zero", { resources: { memoryBytes: 32 << 20 } });
      expect(exit).toMatchObject({ exitCode: 137, oomKilled: true });
    });
  });

  describe("a start that fails", () => {
    it("names a command that is not there", async () => {
      await expect(at.start({ command: ["nonesuch"] })).rejects.toMatchObject({
        code: "COMMAND_NOT_FOUND",
        facts: { command: "nonesuch", exitCode: 127 },
      });
    });

    it("names a command that can't be executed", async () => {
      await expect(at.start({ command: ["/etc/passwd"] })).rejects.toMatchObject({
        code: "COMMAND_NOT_EXECUTABLE",
        facts: { exitCode: 126, errno: "EACCES" },
      });
    });

    it.each([
      [{ image: "busybox", comand: ["x"] }, "comand"],
      [{ image: "busybox", networkMode: "bridge" }, "networkMode"],
      [{ image: "busybox", publish: [{ containerPort: 70000 }] }, "publish.containerPort"],
      [{ image: "busybox", user: "nobody-here" }, "user"],
      [{ image: "busybox", capAdd: ["FLY"] }, "capAdd"],
      [{ image: "busybox", sysctls: { "vm.swappiness": "1" } }, "sysctls"],
    ])("names the malformed option of %j", async (spec, option) => {
      const attempt = at.engine.containers.create(spec as ContainerSpec).then(({ id }) => at.engine.containers.start(id));
      await expect(attempt).rejects.toMatchObject({ code: "OPTION_INVALID", facts: { option } });
    });

    it("refuses a name that is taken, and an image that is not there", async () => {
      await at.engine.containers.create({ image: "busybox", name: "taken" });
      await expect(at.engine.containers.create({ image: "busybox", name: "taken" })).rejects.toMatchObject({
        code: "CONTAINER_NAME_TAKEN",
      });
      await expect(at.engine.containers.create({ image: "nonesuch" })).rejects.toMatchObject({ code: "IMAGE_NOT_FOUND" });
    });
  });

  describe("a running container", () => {
    it("answers on the same published port of every loopback address", async () => {
      const id = await at.start({
        command: ["sh", "-c", "mkdir /www; echo hello >/www/index.html; exec httpd -f -p 80 -h /www"],
        publish: [{ containerPort: 80 }],
      });
      await at.engine.containers.waitListening(id, { ports: [{ port: 80, protocol: "tcp" }] });
      const { ports } = await at.engine.containers.inspect(id);
      expect(ports.map((port) => port.hostIp)).toEqual(loopback());
      expect(new Set(ports.map((port) => port.hostPort)).size).toBe(1);
      for (const host of loopback())
        expect(await (await fetch(`http://${host.includes(":") ? `[${host}]` : host}:${ports[0]!.hostPort}/`)).text()).toBe("hello\n");
    });

    it("is seen listening, and nothing of the engine's with it", async () => {
      const id = await at.startShell("sleep 1; exec httpd -f -p 80");
      const seen: number[][] = [];
      const observe = (sockets: readonly ListeningSocket[]): void => void seen.push(sockets.map(({ port }) => port));
      await at.engine.containers.waitListening(id, { ports: [{ port: 80, protocol: "tcp" }], observe });
      expect(seen[0]).toEqual([]);
    });

    it("is published on the first free port of a range", async () => {
      const command = ["sleep", "60"];
      const portOf = async (id: string) => (await at.engine.containers.inspect(id)).ports[0]!.hostPort;
      const taken = await portOf(await at.start({ command, publish: [{ containerPort: 80 }] }));
      const end = Math.min(taken + 50, 65_535);
      const id = await at.start({ command, publish: [{ containerPort: 80, hostPort: taken, hostPortEnd: end }] });
      const found = await portOf(id);
      expect(found).toBeGreaterThan(taken);
      expect(found).toBeLessThanOrEqual(end);
      expect((await at.engine.containers.inspect(id)).hostConfig).toMatchObject({
        PortBindings: { "80/tcp": [{ HostPort: `${taken}-${end}` }] },
      });
      const none = at.start({ command, publish: [{ containerPort: 80, hostPort: taken, hostPortEnd: found }] });
      await expect(none).rejects.toMatchObject({ code: "PORT_IN_USE" });
      const wrong = at.start({ command, publish: [{ containerPort: 80, hostPort: 81, hostPortEnd: 80 }] });
      await expect(wrong).rejects.toMatchObject({ code: "OPTION_INVALID", facts: { option: "publish.hostPortEnd" } });
    });

    it("answers datagrams on a published UDP port, each peer for itself", async (context) => {
      if (!at.engine.supports.publishUdp) context.skip("this engine publishes no UDP ports");
      const server =
        'const s = require("dgram").createSocket("udp4"); s.on("message", (m, from) => s.send("echo " + m, from.port, from.address)).bind(53)';
      // busybox has no UDP server: this Node serves, from the host's own root.
      const id = await at.start({
        command: ["chroot", "/host", process.execPath, "-e", server],
        mounts: [{ type: "bind", source: "/", target: "/host", readonly: true }],
        publish: [{ containerPort: 53, protocol: "udp" }],
      });
      await at.engine.containers.waitListening(id, { ports: [{ port: 53, protocol: "udp" }] });
      const { ports } = await at.engine.containers.inspect(id);
      const asked = loopback().map((host) => askByUdp(host, ports[0]!.hostPort, `from ${host}`));
      expect(await Promise.all(asked)).toEqual(loopback().map((host) => `echo from ${host}`));
    });

    it("runs further processes with their own streams, user and exit", async () => {
      const id = await at.start({ command: ["sleep", "60"] });
      const process = await at.engine.containers.exec(id, { command: ["sh", "-c", "id -u; cat >&2; exit 5"], user: "app", stdin: true });
      process.stdin!.end("to stdin");
      expect([await text(process.stdout), await text(process.stderr), await process.exit]).toEqual([
        "1000\n",
        "to stdin",
        { exitCode: 5, oomKilled: false },
      ]);
      await expect(at.engine.containers.exec(id, { command: ["nonesuch"] })).rejects.toMatchObject({ code: "COMMAND_NOT_FOUND" });
    });

    it("becomes an image that starts with what was written", async () => {
      const id = await at.start({ command: ["sh", "-c", "echo kept >/file; rm /etc/group"] });
      await at.engine.containers.wait(id);
      const image = await at.engine.containers.commit(id, {
        reference: "committed",
        changes: ['CMD ["sh", "-c", "cat /file; ls /etc/passwd; ls /etc/group 2>&1"]'],
      });
      const { id: second } = await at.engine.containers.create({ image: image.id });
      await at.engine.containers.start(second);
      await at.engine.containers.wait(second);
      let output = "";
      for await (const { data } of at.engine.containers.logs(second)) output += data.toString();
      expect(output).toBe("kept\n/etc/passwd\nls: /etc/group: No such file or directory\n");
      await at.engine.containers.remove(second);
      await at.engine.images.remove("committed");
    });
  });
});

/** What comes back to a datagram. */
async function askByUdp(host: string, port: number, message: string): Promise<string> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  try {
    socket.send(message, port, host);
    const [answer] = (await once(socket, "message")) as [Buffer];
    return answer.toString();
  } finally {
    socket.close();
  }
}
