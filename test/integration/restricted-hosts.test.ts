/**
 * Hosts that refuse what containers need, for real: by a seccomp filter, by what is mounted where, by limits of a user namespace. What doctor says,
 * what a start says, and what runs all the same.
 */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { findProgram } from "../fixtures/command.js";
import { type RestrictedHost, RestrictedHosts, type Restriction } from "../fixtures/restricted-host.js";

let hosts: RestrictedHosts;

beforeAll(async () => {
  hosts = await RestrictedHosts.make();
});

afterAll(() => hosts.remove());

const SECCOMP = /^A seccomp filter is on this process: .*seccomp/;

describe.each<{ what: string; restriction: Restriction; probe: object; started: RegExp }>([
  {
    what: "user namespaces refused by seccomp",
    restriction: { as: "user", refuse: ["unshare:user=EPERM"] },
    probe: {
      name: "user namespace",
      status: "failed",
      errno: "EPERM",
      detail: expect.stringMatching(/unshare: operation not permitted/),
      remedy: expect.stringMatching(SECCOMP),
    },
    started: /^No user namespace for this user: .*unshare: operation not permitted \(EPERM\)\nRemedy: A seccomp filter is on this process/m,
  },
  {
    what: "user namespaces refused by user.max_user_namespaces",
    restriction: { as: "user of a single id", limits: { max_user_namespaces: 0 } },
    probe: {
      name: "user namespace",
      status: "failed",
      errno: "ENOSPC",
      remedy: expect.stringContaining("sysctl -w user.max_user_namespaces="),
    },
    started: /^No user namespace for this user: .*\(ENOSPC\)\nRemedy: user\.max_user_namespaces is 0\./m,
  },
  {
    what: "user namespaces without rights in them, as AppArmor leaves them",
    restriction: { as: "user", refuse: ["clone3=ENOSYS", "clone:others=EPERM", "unshare:others=EPERM"] },
    probe: {
      name: "namespace mount",
      status: "failed",
      errno: "EPERM",
      detail: expect.stringContaining("clone"),
      remedy: expect.stringMatching(SECCOMP),
    },
    started: /could not be started: .*\nThis host: namespace mount: .*\(EPERM\)\nRemedy: A seccomp filter/,
  },
  {
    what: "no more network namespaces",
    restriction: { as: "user of a single id", limits: { max_net_namespaces: 0 } },
    probe: { name: "namespace network", status: "failed", errno: "ENOSPC" },
    started: /could not be started: .*\nThis host: namespace network: .*\(ENOSPC\)/,
  },
  {
    what: "mount(2) and its kin refused by seccomp",
    restriction: { refuse: ["mount=EPERM", "fsopen=EPERM", "fsmount=EPERM", "move_mount=EPERM", "open_tree=EPERM"] },
    probe: {
      name: "mount",
      status: "failed",
      errno: "EPERM",
      detail: expect.stringContaining("mount"),
      remedy: expect.stringMatching(SECCOMP),
    },
    started: /could not be started: .*\nThis host: mount: .*\(EPERM\)\nRemedy: A seccomp filter/,
  },
  {
    what: "a kernel that has no fsopen(2) as far as a sandbox tells",
    restriction: { as: "user", refuse: ["fsopen=ENOSYS"] },
    probe: {
      name: "mount",
      status: "failed",
      errno: "ENOSYS",
      detail: expect.stringContaining("fsopen"),
      remedy: expect.stringMatching(SECCOMP),
    },
    started: /could not be started: .*\n(fsopen: .*\n)?This host: mount: .*\(ENOSYS\)\nRemedy: A seccomp filter/,
  },
])("$what", ({ restriction, probe, started }) => {
  it("is a probe of doctor's with its remedy, and the reason of a failed start", async () => {
    const host = await hosts.open(restriction);
    expect(await host.probe((probe as { name: string }).name)).toMatchObject(probe);
    const run = await host.caisson("run", "--rm", "busybox", "true");
    expect(run.stderr).toMatch(started);
    expect(run.code).not.toBe(0);
  });
});

it("a daemon is used instead, where there is one and containers can't start here", async () => {
  const elsewhere = await hosts.open({});
  const socket = path.join(elsewhere.home, "daemon.sock");
  const host = await hosts.open({ refuse: ["mount=EPERM"] }, { environment: { DOCKER_HOST: `unix://${socket}` } });
  const run = () => host.caisson("run", "--rm", "busybox", "sh", "-c", "echo hello from $(cat /proc/sys/kernel/hostname | wc -l)");
  expect(await run()).toMatchObject({ stdout: "", stderr: expect.stringMatching(/could not be started: .*\nThis host: mount:/) });
  const server = elsewhere.start("serve", "--host", `unix://${socket}`);
  try {
    await vi.waitUntil(() => existsSync(socket), { timeout: 30_000, interval: 50 });
    expect(await run()).toMatchObject({ code: 0, stdout: "hello from 1\n" });
    // What was found out once holds for as long as the process does: the second engine opens no session to try it.
    const twice = `
      import { existsSync, readdirSync, rmdirSync } from "node:fs";
      import { openEngine } from ${JSON.stringify(path.resolve("dist/engine/index.js"))};
      const sessions = process.env.CAISSON_HOME + "/sessions";
      const first = await openEngine();
      while (readdirSync(sessions).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      rmdirSync(sessions);
      const second = await openEngine();
      console.log(first.name, second.name, existsSync(sessions));
      await Promise.all([first.close(), second.close()]);`;
    expect(await host.run(process.execPath, "--input-type=module", "-e", twice)).toEqual({
      code: 0,
      stdout: "remote remote false\n",
      stderr: "",
    });
  } finally {
    server.kill("SIGTERM");
    await once(server, "close");
  }
});

it("clone3(2) refused as if there were none: clone(2) does the same", async () => {
  for (const as of ["root", "user"] as const) {
    const host = await hosts.open({ as, refuse: ["clone3=ENOSYS"] });
    expect(await host.caisson("run", "--rm", "busybox", "echo", "hello")).toEqual({ code: 0, stdout: "hello\n", stderr: "" });
  }
});

describe("a masked /proc", () => {
  const MASK = "mount --bind /dev/null /proc/keys";

  it.each(["user", "user of a single id"] as const)("is given to containers, read-only, of a %s", async (as) => {
    const host = await hosts.open({ as, setup: MASK });
    expect(await host.probe("proc")).toMatchObject({
      status: "warning",
      errno: "EPERM",
      detail: expect.stringMatching(/too revealing.*Containers see this \/proc, read-only/i),
      remedy: expect.stringMatching(/systempaths=unconfined|unmask=ALL|procMount/),
    });
    expect(await host.probe("proc, dev and sys")).toMatchObject({ status: "passed" });
    const script = [
      "echo $$", // in a pid namespace of its own
      "cat /proc/self/comm",
      "grep -o ' /proc r[ow]' /proc/self/mountinfo",
      "test $(cat /proc/1/comm) = sh || echo outside is seen",
      "echo 5 2>/dev/null >/proc/self/oom_score_adj || echo read-only",
      "head -c 1 /proc/keys | wc -c",
      // The command that started it: of the same user, and in the user namespace above.
      "for p in /proc/[0-9]*; do test $(cat $p/comm) = node && test $(stat -c %u $p) = 0 && echo found; done | sort -u",
      "for p in /proc/[0-9]*; do test $(cat $p/comm) = node && ls $p/root/ $p/fd/0 2>/dev/null; cat $p/environ 2>/dev/null | grep -a CAISSON_HOME; done",
      "kill -0 $PPID 2>/dev/null; kill -0 $(ls /proc | grep '^[0-9]' | tail -1) 2>/dev/null || echo outside is out of reach",
    ];
    const { stdout, stderr } = await host.caisson("run", "--rm", "busybox", "sh", "-c", script.join("\n"));
    expect(stdout).toBe("1\ncat\n /proc ro\noutside is seen\nread-only\n0\nfound\noutside is out of reach\n");
    expect(stderr).toMatch(/Containers have no \/proc of their own/);
  });

  it("is no matter for root, who is refused nothing by it", async () => {
    const host = await hosts.open({ setup: MASK });
    expect(await host.probe("proc")).toMatchObject({ status: "passed" });
    expect(await host.caisson("run", "--rm", "busybox", "cat", "/proc/1/comm")).toMatchObject({ code: 0, stdout: "cat\n", stderr: "" });
  });
});

describe.each(["root", "user", "user of a single id"] as const)("a data root on an overlay, of %s", (as) => {
  const OVERLAY = [
    "mkdir -p $HOME/lower $HOME/upper $HOME/work $HOME/data",
    "chown --reference=$HOME $HOME/upper $HOME/data",
    "mount -t overlay -o lowerdir=$HOME/lower,upperdir=$HOME/upper,workdir=$HOME/work overlay $HOME/data",
  ].join("\n");
  const COPIED = /layers are copied for each container/;

  async function open(): Promise<RestrictedHost> {
    return hosts.open({ as, setup: OVERLAY }, { importRestricted: true });
  }

  it("is no place for another overlay: doctor says so, and what is done instead", async () => {
    const host = await open();
    expect(await host.probe("overlay")).toMatchObject({
      status: "warning",
      errno: "EINVAL",
      detail: expect.stringMatching(/upperdir: invalid argument.*The layers of an image are copied/),
    });
    expect(await host.probe("proc, dev and sys")).toMatchObject({ status: "passed" });
  });

  it("has containers with copies of their own, which leave the image as it was", async () => {
    const host = await open();
    const change = "echo changed >/etc/passwd; rm /bin/vi; echo new >/new; cat /etc/passwd; test ! -e /bin/vi && stat -f -c %t /";
    const first = await host.caisson("run", "--rm", "busybox", "sh", "-c", change);
    expect(first.stderr).toMatch(COPIED);
    expect(first).toMatchObject({ code: 0, stdout: "changed\n794c7630\n" });
    const second = await host.caisson(
      "run",
      "--rm",
      "busybox",
      "sh",
      "-c",
      "head -1 /etc/passwd; ls /bin/vi; test ! -e /new && stat -c %a:%u /home/app /tmp",
    );
    expect(second.stdout).toBe(`root:x:0:0:root:/root:/bin/sh\n/bin/vi\n755:${as === "user of a single id" ? 0 : 1000}\n1777:0\n`);
    expect(await readdir(path.join(host.home, "upper/sessions"))).toEqual([]);
  });

  it("builds images: what is deleted, replaced and linked in a layer is so in the next one, and in the archive of it", async () => {
    const host = await open();
    const context = path.join(host.home, "context");
    await mkdir(context);
    await writeFile(
      path.join(context, "Dockerfile"),
      [
        "FROM busybox",
        "RUN echo one >/one && ln /one /two && rm /etc/group && mkdir -p /d/old && echo x >/d/old/x",
        "RUN rm -rf /d && mkdir /d && echo y >/d/y && chmod 600 /etc/passwd",
        "COPY Dockerfile /etc/copied",
        "RUN cat /one /two /d/y && test ! -e /etc/group && test ! -e /d/old && test -s /etc/copied",
      ].join("\n"),
    );
    const built = await host.caisson("build", "--progress=plain", "-t", "built", context);
    expect(built, built.stderr).toMatchObject({ code: 0 });
    const look = "ls /d; stat -c %a:%h /etc/passwd /one; test -e /etc/group || echo hidden";
    expect(await host.caisson("run", "--rm", "built", "sh", "-c", look)).toMatchObject({ code: 0, stdout: "y\n600:1\n644:2\nhidden\n" });
    // On a data root of the usual kind it is the same image, whiteouts in overlayfs' form.
    const archive = path.join(host.home, "built.tar");
    expect(await host.caisson("save", "-o", archive, "built")).toMatchObject({ code: 0 });
    const usual = await hosts.open({ as });
    expect(await usual.caisson("load", "-i", archive)).toMatchObject({ code: 0 });
    expect(await usual.caisson("run", "--rm", "built", "sh", "-c", look)).toEqual({
      code: 0,
      stderr: "",
      stdout: "y\n600:1\n644:2\nhidden\n",
    });
  });
});

it("copies share their data where the file system has reflinks", async (context) => {
  const mkfs = await findProgram("mkfs.btrfs");
  if (mkfs === undefined) context.skip("mkfs.btrfs is not installed");
  const setup = [
    "mkdir -p $HOME/disk $HOME/data",
    `test -e $HOME/image || { truncate -s 1G $HOME/image; ${mkfs} -q $HOME/image; }`,
    "mount -o loop $HOME/image $HOME/disk",
    "mkdir -p $HOME/disk/lower $HOME/disk/upper $HOME/disk/work",
    "mount -t overlay -o lowerdir=$HOME/disk/lower,upperdir=$HOME/disk/upper,workdir=$HOME/disk/work overlay $HOME/data",
  ].join("\n");
  const host = await hosts.open({ setup }, { importRestricted: true });
  const directory = path.join(host.home, "context");
  await mkdir(directory);
  await writeFile(path.join(directory, "Dockerfile"), "FROM busybox\nRUN dd if=/dev/urandom of=/big bs=1M count=64\n");
  const script = `
    c() { "$NODE" "$MAIN" "$@" 2>/dev/null; }
    c build -q -t big $HOME/context >/dev/null
    sync; df -k $HOME/disk | awk 'NR == 2 { print $3 }'
    c run --rm big sh -c 'sync; df -k / | tail -1 | awk "{ print \\$3 }"; sha256sum /big | wc -l'
  `;
  const { stdout, stderr } = await host.run(
    "env",
    `NODE=${process.execPath}`,
    `MAIN=${path.resolve("dist/cli/main.cjs")}`,
    "sh",
    "-c",
    script,
  );
  const [before = Number.NaN, during = Number.NaN, sums] = stdout.split("\n").map(Number);
  expect(before, stderr).toBeGreaterThan(64 << 10);
  expect(during - before).toBeLessThan(32 << 10);
  expect(sums).toBe(1);
});

describe("containers that stay, whose data root is on an overlay", () => {
  it("are compared with their image, committed, and copied from, and go on with their files", async () => {
    const setup =
      "mkdir -p $HOME/lower $HOME/upper $HOME/work $HOME/data; mount -t overlay -o lowerdir=$HOME/lower,upperdir=$HOME/upper,workdir=$HOME/work overlay $HOME/data";
    const host = await hosts.open({ setup }, { importRestricted: true });
    // One mount namespace: a server lives in it as long as the script does.
    const script = `
      c() { "$NODE" "$MAIN" "$@" 2>>$HOME/warnings; }
      c run -d --name box busybox sh -c 'echo new >/new; rm /etc/group; echo more >>/etc/passwd; test -e /again && sleep 60; touch /again; sleep 60' >/dev/null
      while ! c exec box test -e /again; do sleep 0.1; done
      c diff box
      c commit box committed >/dev/null
      c cp box:/new - | tar -xO
      c stop -t 0 box >/dev/null
      c start box >/dev/null
      c exec box cat /new
      c rm -f box >/dev/null
      c run --rm committed sh -c 'cat /new; tail -1 /etc/passwd; test -e /etc/group || echo hidden'
      while test -e $HOME/data/server.lock; do sleep 0.1; done
    `;
    const { stdout, stderr } = await host.run(
      "env",
      "CAISSON_SERVER_IDLE_EXIT=1s",
      `NODE=${process.execPath}`,
      `MAIN=${path.resolve("dist/cli/main.cjs")}`,
      "sh",
      "-c",
      script,
    );
    expect(stdout, stderr).toBe("A /again\nC /etc\nD /etc/group\nC /etc/passwd\nA /new\nnew\nnew\nnew\nmore\nhidden\n");
  });
});

describe("a data root that is on an overlay for one server and not for the next", () => {
  it("has containers with what they wrote where it can be had, and keeps it where it can't", async () => {
    const host = await hosts.open({}, { importRestricted: true });
    // What is written to an overlay is in its upper directory, which is a data root like any other.
    const script = `
      mkdir $HOME/lower $HOME/work $HOME/seen
      serve() { CAISSON_HOME=$1 "$NODE" "$MAIN" serve -H unix://$HOME/sock >/dev/null 2>>$HOME/said & server=$!; while ! test -S $HOME/sock; do sleep 0.1; done; }
      begin() { mount -t overlay -o lowerdir=$HOME/lower,upperdir=$CAISSON_HOME,workdir=$HOME/work overlay $HOME/seen; serve $HOME/seen; }
      end() { kill $server; wait $server; rm -f $HOME/sock; umount $HOME/seen 2>/dev/null; }
      c() { DOCKER_HOST=unix://$HOME/sock "$NODE" "$MAIN" "$@" 2>>$HOME/warnings; }
      new() { c run -d --stop-signal KILL --name $1 busybox sh -c 'echo run >>/new; rm -f /etc/group; sleep 60' >/dev/null; while ! c exec $1 test -e /new; do sleep 0.1; done; }
      again() { c start $1 >/dev/null; c exec $1 sh -c 'while test $(wc -l </new) -lt 2; do sleep 0.1; done; cat /new; test -e /etc/group || echo hidden'; c diff $1; }
      begin; new copied; end
      serve $CAISSON_HOME; new layered; again copied; end
      begin; c ps -a --format '{{.Names}}'; end
      grep -c "Container layered .* can't be taken up: .*none can be mounted here: .*Nothing of it is lost" $HOME/said
      serve $CAISSON_HOME; again layered; c rm -f copied layered >/dev/null; end
    `;
    const command = ["env", `NODE=${process.execPath}`, `MAIN=${path.resolve("dist/cli/main.cjs")}`, "sh", "-c", script];
    const { stdout, stderr } = await host.run(...command);
    const all = "run\nrun\nhidden\nC /etc\nD /etc/group\nA /new\n";
    expect(stdout, stderr).toBe(`${all}copied\n1\n${all}`);
    expect(await readdir(path.join(host.home, "data/containers"))).toEqual([]);
  });
});

describe("root in a user namespace that is around all of it, as in a container of a rootless engine", () => {
  it("gets no masked /proc for its containers, which are in its own user namespace: the probe is the reason of a failed start", async () => {
    const host = await hosts.open({ setup: "mount --bind /dev/null /proc/keys", limits: {} }, { importRestricted: true });
    expect(await host.probe("proc")).toMatchObject({
      status: "failed",
      errno: "EPERM",
      remedy: expect.stringMatching(/systempaths|unmask|procMount/),
    });
    const { stderr } = await host.caisson("run", "--rm", "busybox", "true");
    expect(stderr).toMatch(/could not be started: .*\n.*\nThis host: proc: .*too revealing/i);
  });

  it("runs containers and builds, with devices of the host", async () => {
    const host = await hosts.open({ limits: {} }, { importRestricted: true });
    expect(await host.probe("privileges")).toMatchObject({ status: "passed", detail: expect.stringContaining("user namespace") });
    expect(await host.probe("proc, dev and sys")).toMatchObject({ status: "passed" });
    const script =
      "head -c 3 /dev/zero | wc -c; stat -c %u /home/app; chown 5:6 /tmp/x 2>/dev/null; touch /tmp/x && chown 5:6 /tmp/x && stat -c %u:%g /tmp/x";
    const run = await host.caisson("run", "--rm", "busybox", "sh", "-c", script);
    expect(run).toMatchObject({ code: 0, stdout: "3\n1000\n5:6\n" });
    const context = path.join(host.home, "context");
    await mkdir(context);
    await writeFile(path.join(context, "Dockerfile"), "FROM busybox\nRUN rm /etc/group && rm -r /home && mkdir /home\n");
    expect(await host.caisson("build", "-q", "-t", "built", context)).toMatchObject({ code: 0 });
    expect(await host.caisson("run", "--rm", "built", "sh", "-c", "ls /home; test -e /etc/group || echo hidden")).toMatchObject({
      stdout: "hidden\n",
    });
  });
});

describe("cgroups that can't be written to", () => {
  const READONLY =
    "awk '$9 ~ /^cgroup/ || $8 ~ /^cgroup/ || $7 ~ /^cgroup/ { print $5 }' /proc/self/mountinfo | while read m; do mount -o remount,bind,ro $m; done";

  it("are said, and do without: containers run, and a limit that was asked for is refused", async () => {
    const host = await hosts.open({ setup: READONLY });
    expect(await host.probe("cgroup")).toMatchObject({ status: "warning", remedy: expect.stringContaining("cgroup2") });
    expect(await host.probe("limit memory")).toMatchObject({ status: "warning" });
    expect(await host.caisson("run", "--rm", "busybox", "echo", "hello")).toEqual({ code: 0, stdout: "hello\n", stderr: "" });
    const limited = await host.caisson("run", "--rm", "--memory=64m", "busybox", "true");
    expect(limited.code).not.toBe(0);
    expect(limited.stderr).toMatch(/memory/i);
  });
});

describe("no /dev/net/tun", () => {
  it("is said, and hinders only who asks for it", async () => {
    const host = await hosts.open({ setup: "mount -t tmpfs tmpfs /dev/net" });
    expect(await host.probe("/dev/net/tun")).toMatchObject({
      status: "warning",
      errno: "ENOENT",
      remedy: expect.stringContaining("Caisson's own networks don't need it"),
    });
    expect(await host.caisson("run", "--rm", "busybox", "echo", "hello")).toEqual({ code: 0, stdout: "hello\n", stderr: "" });
    const { stderr } = await host.caisson("run", "--rm", "--device=/dev/net/tun", "busybox", "true");
    expect(stderr).toContain("/dev/net/tun");
  });
});
