/** Clients that others have made, unchanged, on a server of ours: docker-py, Compose, testcontainers-node. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { installTestcontainers } from "../bench/sides/testcontainers.js";
import { useApiServer } from "../fixtures/api-server.js";

const run = promisify(execFile);
const at = useApiServer();
const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
let context: string;

beforeAll(async () => {
  context = path.join(at.directory, "context");
  await mkdir(context);
  await writeFile(path.join(context, "Dockerfile"), 'FROM busybox\nARG X=1\nRUN echo building $X >/f\nCMD ["cat", "/f"]\n');
});

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, DOCKER_HOST: at.server.host, DOCKER_CONFIG: at.directory, DOCKER_BUILDKIT: "0" };
}

const composeIn =
  (project: string, env: NodeJS.ProcessEnv = {}) =>
  async (...words: string[]): Promise<string> =>
    (await run("docker-compose", ["--no-ansi", ...words], { env: { ...environment(), ...env }, cwd: project })).stdout;

async function docker(...words: string[]): Promise<string> {
  return (await run("docker", words, { env: environment() })).stdout;
}

async function leftovers(): Promise<unknown> {
  const [containers, networks, volumes] = await Promise.all([
    at.engine.containers.list({ all: true }),
    at.engine.networks.list(),
    at.engine.volumes.list(),
  ]);
  return { containers, networks, volumes };
}

const NOTHING = { containers: [], networks: [], volumes: [] };

describe("clients of other makers", () => {
  it("docker-py", async () => {
    const { stdout } = await run("/usr/bin/python3", [fixture("docker-client.py"), context], { env: environment() });
    expect(JSON.parse(stdout)).toEqual({
      ping: true,
      run: "hi\n",
      failed: [3, "bad\n"],
      container: "No such container: nosuch",
      image: "No such image: nosuch:1",
      state: ["running", ["80/tcp"], 64 << 20],
      exec: [4, "o\n", "e\n"],
      typed: "typed",
      log: "tick\n",
      stats: "/py",
      archive: [true, "f", 3, "abc"],
      paused: "paused",
      listed: ["py"],
      wait: 137,
      commit: ["py:1"],
      members: [true],
      address: "172.29.77.9",
      events: ["create", "destroy"],
      built: [["pybuilt:1"], "building 7\n"],
      loaded: [["pybuilt:1"]],
    });
    expect(await leftovers()).toEqual(NOTHING);
  }, 120_000);

  it("Compose brings up, scales and takes down services that need each other", async () => {
    const project = path.join(at.directory, "project");
    await mkdir(project);
    await writeFile(path.join(project, "docker-compose.yml"), composeFile(context));
    const compose = composeIn(project);
    await compose("up", "-d");
    expect(await compose("exec", "-T", "web", "ping", "-c", "1", "database")).toContain("1 packets received");
    const page = await fetch(`http://${(await compose("port", "web", "8080")).trim()}/group`);
    expect(await page.text()).toContain("root:x:0:");
    expect(await compose("run", "--rm", "db", "echo", "once")).toBe("once\n");
    await compose("up", "-d", "--scale", "db=2");
    expect((await compose("ps", "-q", "db")).trim().split("\n")).toHaveLength(2);
    expect(await compose("logs", "--no-color", "built")).toContain("building 3");
    await compose("down", "-v", "-t", "0");
    expect(await leftovers()).toEqual(NOTHING);
  }, 120_000);

  it("Compose waits for health, hands over environment files, and shares a volume of another project", async () => {
    const project = path.join(at.directory, "ordered");
    await mkdir(project);
    await writeFile(path.join(project, "common.env"), "FROM_FILE=file\nBOTH=file\n");
    await writeFile(path.join(project, "docker-compose.yml"), orderedFile());
    await at.call("POST", "/volumes/create", { json: { Name: "outside" } });
    const compose = composeIn(project);
    await compose("up", "-d");
    // It was started once the other one was healthy, and found what that had written.
    await expect.poll(async () => (await compose("logs", "--no-color", "reader")).match(/ready file own/g)?.length).toBe(1);
    const state = JSON.parse(await docker("inspect", (await compose("ps", "-q", "writer")).trim()))[0];
    expect([state.State.Health.Status, state.HostConfig.RestartPolicy.Name, state.Config.User]).toEqual([
      "healthy",
      "unless-stopped",
      "1000",
    ]);
    expect(await compose("exec", "-T", "writer", "sh", "-c", "df /scratch | tail -1")).toContain("tmpfs");
    await compose("stop", "-t", "0", "writer");
    await compose("up", "-d", "writer");
    await compose("down", "-v", "-t", "0");
    expect(await docker("volume", "ls", "-q")).toBe("outside\n");
    await docker("volume", "rm", "outside");
    expect(await leftovers()).toEqual(NOTHING);
  }, 120_000);

  it("Compose merges files, shares a service's network, and recreates what has changed", async () => {
    const project = path.join(at.directory, "merged");
    await mkdir(project);
    await writeFile(path.join(project, "docker-compose.yml"), mergedFile());
    await writeFile(
      path.join(project, "docker-compose.override.yml"),
      JSON.stringify({ version: "2.4", services: { app: { environment: { MODE: "override" }, labels: { layer: "two" } } } }),
    );
    const compose = composeIn(project, { COMPOSE_API_VERSION: "1.44" });
    await compose("up", "-d");
    expect(await compose("exec", "-T", "side", "wget", "-qO-", "http://127.0.0.1:8080/group")).toContain("root:x:0:");
    expect(await compose("exec", "-T", "app", "sh", "-c", "echo $MODE; hostname; ulimit -n; cat /etc/hosts")).toMatch(
      /^override\napp-host\n512\n(?:.*\n)*10\.9\.8\.7\s+elsewhere/,
    );
    const before = (await compose("ps", "-q", "app")).trim();
    expect(JSON.parse(await docker("inspect", before))[0].NetworkSettings.Networks.merged_fixed.IPAddress).toBe("10.66.0.9");
    await writeFile(
      path.join(project, "docker-compose.override.yml"),
      JSON.stringify({ version: "2.4", services: { app: { labels: { layer: "three" } } } }),
    );
    // Compose 1 looks for what images have in the API before 1.45 alone, as it must with Docker 25 and later.
    await compose("up", "-d", "-t", "0");
    const after = (await compose("ps", "-q", "app")).trim();
    expect(after).not.toBe(before);
    // The old container had the same address until then.
    expect(JSON.parse(await docker("inspect", after))[0].NetworkSettings.Networks.merged_fixed.IPAddress).toBe("10.66.0.9");
    expect(await compose("exec", "-T", "app", "wget", "-qO-", "http://10.66.0.9:8080/group")).toContain("root:x:0:");
    await compose("down", "-t", "0");
    expect(await leftovers()).toEqual(NOTHING);
  }, 120_000);

  it("testcontainers-node", async () => {
    const prefix = await installTestcontainers(fileURLToPath(new URL("../../.cache/bench", import.meta.url)));
    const env = { ...environment(), TESTCONTAINERS_RYUK_DISABLED: "true", TESTCONTAINERS_HOST_OVERRIDE: "127.0.0.1" };
    const { stdout } = await run(process.execPath, [fixture("testcontainers-client.mjs"), prefix, context], { env });
    expect(JSON.parse(stdout)).toEqual({
      before: "before",
      exec: ["out\n", 3],
      copied: "copied",
      archive: true,
      restarted: "copied",
      reached: 0,
      committed: "string",
      once: expect.stringContaining("building 5"),
      missing: true,
    });
    expect(await leftovers()).toEqual(NOTHING);
  }, 120_000);

  it("a reaper finds by label what it is to remove", async () => {
    const labels = { "org.testcontainers.session-id": "1" };
    const filters = encodeURIComponent(JSON.stringify({ label: { "org.testcontainers.session-id=1": true } }));
    const made = await at.call("POST", "/containers/create", { json: { Image: "busybox", Cmd: ["sleep", "100"], Labels: labels } });
    await at.call("POST", `/containers/${made.json.Id}/start`);
    await at.call("POST", "/networks/create", { json: { Name: "reaped", Labels: labels } });
    await at.call("POST", "/volumes/create", { json: { Name: "reaped", Labels: labels } });
    const containers = await at.call("GET", `/containers/json?all=1&filters=${filters}`);
    const networks = await at.call("GET", `/networks?filters=${filters}`);
    const volumes = await at.call("GET", `/volumes?filters=${filters}`);
    expect([containers.json.length, networks.json.length, volumes.json.Volumes.length]).toEqual([1, 1, 1]);
    expect((await at.call("DELETE", `/containers/${containers.json[0].Id}?force=1&v=1`)).status).toBe(204);
    expect((await at.call("DELETE", `/networks/${networks.json[0].Id}`)).status).toBe(204);
    expect((await at.call("DELETE", `/volumes/${volumes.json.Volumes[0].Name}?force=1`)).status).toBe(204);
    expect(await leftovers()).toEqual(NOTHING);
  });
});

function orderedFile(): string {
  return JSON.stringify({
    version: "2.4",
    services: {
      writer: {
        image: "busybox",
        command: ["sh", "-c", "sleep 0.3; echo ready >/shared/state; exec sleep 1000"],
        user: "1000",
        restart: "unless-stopped",
        tmpfs: ["/scratch:size=1m"],
        volumes: ["shared:/shared", "outside:/outside"],
        healthcheck: { test: ["CMD-SHELL", "grep ready /shared/state"], interval: "100ms", retries: 50 },
        depends_on: { rights: { condition: "service_started" } },
        mem_limit: "64m",
      },
      // A volume is root's at first.
      rights: { image: "busybox", command: ["sh", "-c", "chmod 777 /shared; exec sleep 1000"], volumes: ["shared:/shared"] },
      reader: {
        image: "busybox",
        command: ["sh", "-c", "echo $$(cat /shared/state) $$FROM_FILE $$BOTH"],
        env_file: "common.env",
        environment: { BOTH: "own" },
        volumes: ["shared:/shared:ro"],
        depends_on: { writer: { condition: "service_healthy" } },
      },
    },
    volumes: { shared: {}, outside: { external: true } },
  });
}

function mergedFile(): string {
  return JSON.stringify({
    version: "2.4",
    services: {
      app: {
        image: "busybox",
        hostname: "app-host",
        command: ["httpd", "-f", "-p", "8080", "-h", "/etc"],
        environment: { MODE: "base" },
        extra_hosts: ["elsewhere:10.9.8.7"],
        ulimits: { nofile: { soft: 512, hard: 1024 } },
        cap_drop: ["NET_RAW"],
        read_only: true,
        networks: { fixed: { ipv4_address: "10.66.0.9" } },
      },
      side: { image: "busybox", command: ["sleep", "1000"], network_mode: "service:app" },
    },
    networks: { fixed: { ipam: { config: [{ subnet: "10.66.0.0/24" }] } } },
  });
}

function composeFile(build: string): string {
  return JSON.stringify({
    version: "3.7",
    services: {
      web: {
        image: "busybox",
        command: ["httpd", "-f", "-p", "8080", "-h", "/etc"],
        ports: ["8080"],
        depends_on: ["db"],
        networks: ["front", "back"],
      },
      db: {
        image: "busybox",
        command: ["sleep", "1000"],
        volumes: ["data:/data", "/anonymous"],
        networks: { back: { aliases: ["database"] } },
        healthcheck: { test: ["CMD", "true"], interval: "1s" },
      },
      built: { build: { context: build, args: { X: "3" } } },
    },
    networks: { front: {}, back: {} },
    volumes: { data: {} },
  });
}
