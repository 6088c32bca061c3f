/** `caisson up` and `down` with containers on the user's server, and beside docker's Compose on the same server. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { busyboxRootfs } from "../fixtures/busybox-image.js";
import { type CommandLine, type CommandResult, commandLine } from "../fixtures/command-line.js";

const run = promisify(execFile);
let directory: string;
let home: string;
let caisson: CommandLine;
let engine: Engine;

/** Keeps the server from going idle in between. */
const KEEPER = "keeper";

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-compose-"));
  home = path.join(directory, "home");
  caisson = commandLine(home, { CAISSON_SERVER_IDLE_EXIT: "2s", CAISSON_ENGINE: "builtin", SHOP_TOKEN: "hidden" });
  await writeFile(path.join(directory, "busybox.tar"), await busyboxRootfs());
  await caisson.said("import", "-c", 'CMD ["sh"]', "-c", "ENV PATH=/bin", path.join(directory, "busybox.tar"), "busybox");
  await caisson.said("run", "-d", "--name", KEEPER, "busybox", "sleep", "100000");
  engine = await openEngine({ host: `unix://${home}/caisson.sock`, lasting: true });
});

afterEach(async () => {
  await caisson.run(["down", "-p", "shop", "-v", "-t", "0", "--remove-orphans"]);
  expect(await leftovers()).toEqual([]);
});

afterAll(async () => {
  await engine.containers.remove(KEEPER, { force: true });
  await engine.close();
  await vi.waitUntil(() => !existsSync(path.join(home, "server.lock")), { timeout: 60_000, interval: 50 });
  await rm(directory, { recursive: true, force: true });
});

async function leftovers(): Promise<string[]> {
  const [networks, volumes] = await Promise.all([engine.networks.list(), engine.volumes.list()]);
  return [...Object.keys(await containers()), ...[...networks, ...volumes].map(({ name }) => name)];
}

/** A project directory of its own for each file. */
async function fileOf(services: object | string, more: object = {}): Promise<string> {
  const project = await mkdtemp(path.join(directory, "project-"));
  const file = path.join(project, "compose.yaml");
  await writeFile(file, typeof services === "string" ? services : JSON.stringify({ name: "shop", services, ...more }));
  return file;
}

async function done(words: readonly string[]): Promise<CommandResult> {
  const result = await caisson.run(words);
  expect({ code: result.code, stderr: result.stderr }).toEqual({ code: 0, stderr: expect.any(String) });
  return result;
}

/** Ids by name. */
async function containers(): Promise<Record<string, string>> {
  const all = await engine.containers.list({ all: true });
  return Object.fromEntries(all.filter(({ name }) => name !== KEEPER).map(({ name, id }) => [name, id]));
}

const sh = (script: string): string[] => ["sh", "-c", script];
const SLEEP = sh("trap exit TERM; sleep 1000 & wait");

describe("up -d", () => {
  const services = (mode: string) => ({
    web: {
      image: "busybox",
      command: ["httpd", "-f", "-p", "8080", "-h", "/etc"],
      ports: ["8080"],
      environment: { MODE: mode },
      depends_on: { db: { condition: "service_healthy" }, init: { condition: "service_completed_successfully" } },
      networks: { default: { aliases: ["www"] } },
    },
    db: {
      image: "busybox",
      command: sh("trap exit TERM; sleep 0.2; touch /data/ready; sleep 1000 & wait"),
      environment: { MODE: mode },
      volumes: ["data:/data", "/anonymous"],
      healthcheck: { test: "test -f /data/ready", interval: "100ms", retries: 100 },
    },
    init: { image: "busybox", command: sh("echo initialised"), deploy: { replicas: 1 } },
  });
  const more = { volumes: { data: {} } };

  it("starts each service when what it needs is there, and changes nothing that has not changed", async () => {
    const file = await fileOf(services("one"), more);
    const { stderr } = await done(["up", "-d", "-f", file]);
    const lines = stderr.trim().split("\n");
    const at = (line: string): number => lines.indexOf(` ${line}`);
    expect(at("Network shop_default  Created")).toBeGreaterThan(-1);
    expect(at("Volume shop_data  Created")).toBeGreaterThan(-1);
    expect(at("Container shop-web-1  Starting")).toBeGreaterThan(at("Container shop-db-1  Healthy"));
    expect(at("Container shop-web-1  Starting")).toBeGreaterThan(at("Container shop-init-1  Exited"));
    expect(at("Container shop-db-1  Healthy")).toBeGreaterThan(-1);
    const first = await containers();
    expect(Object.keys(first).sort()).toEqual(["shop-db-1", "shop-init-1", "shop-web-1"]);
    expect(await caisson.said("exec", "shop-db-1", "wget", "-qO-", "http://www:8080/group")).toContain("root:x:0:");
    await caisson.said("exec", "shop-db-1", "touch", "/anonymous/kept", "/data/kept");

    const again = await done(["up", "-d", "-f", file]);
    expect(again.stderr).toContain(" Container shop-web-1  Running\n");
    expect(again.stderr).not.toMatch(/Recreate|Creat/);
    expect(await containers()).toEqual(first);
  });

  it("replaces what has changed, with its anonymous volumes, and down -v takes all away", async () => {
    const file = await fileOf(services("one"), more);
    await done(["up", "-d", "-f", file]);
    const first = await containers();
    await caisson.said("exec", "shop-db-1", "touch", "/anonymous/kept", "/data/kept");
    const changed = services("one");
    await writeFile(file, JSON.stringify({ name: "shop", services: { ...changed, db: services("two").db }, ...more }));
    await done(["up", "-d", "-f", file]);
    const second = await containers();
    expect(second["shop-web-1"]).toBe(first["shop-web-1"]);
    expect(second["shop-db-1"]).not.toBe(first["shop-db-1"]);
    expect(await caisson.said("exec", "shop-db-1", "sh", "-c", "echo $MODE; ls /anonymous /data")).toBe(
      "two\n/anonymous:\nkept\n\n/data:\nkept\nready",
    );
    await done(["up", "-d", "--force-recreate", "-V", "-f", file, "db"]);
    const third = await containers();
    expect([third["shop-web-1"], third["shop-db-1"] === second["shop-db-1"]]).toEqual([first["shop-web-1"], false]);
    expect(await caisson.said("exec", "shop-db-1", "ls", "/anonymous")).toBe("");

    await done(["down", "-f", file, "-t", "0"]);
    // As with docker's Compose, whose words for it are that anonymous volumes stay, too, and nobody will find them again.
    expect(await leftovers()).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), "shop_data"]);
    await engine.volumes.prune();
    expect(await leftovers()).toEqual(["shop_data"]);
    await done(["up", "-d", "-f", file]);
    expect(await caisson.said("exec", "shop-db-1", "ls", "/data/kept")).toBe("/data/kept");
    const { stderr } = await done(["down", "-v", "-f", file, "-t", "0"]);
    const order = ["Container shop-web-1  Removed", "Container shop-db-1  Stopping", "Network shop_default  Removed"];
    const places = order.map((line) => stderr.indexOf(line));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(await leftovers()).toEqual([]);
  });

  it("scales, takes orphans away, and waits until all is ready", async () => {
    const web = { image: "busybox", command: SLEEP, healthcheck: { test: "true", interval: "100ms" } };
    const file = await fileOf({ web, old: { image: "busybox", command: SLEEP } });
    const { stderr } = await done(["up", "--wait", "--scale", "web=3", "-f", file]);
    for (const number of [1, 2, 3]) expect(stderr).toContain(` Container shop-web-${number}  Healthy\n`);
    await writeFile(file, JSON.stringify({ name: "shop", services: { web } }));
    const fewer = await done(["up", "-d", "-f", file]);
    expect(fewer.stderr).toContain("not in the files any more there are containers: shop-old-1; --remove-orphans takes them away");
    expect(Object.keys(await containers()).sort()).toEqual(["shop-old-1", "shop-web-1"]);
    await done(["up", "-d", "--remove-orphans", "-f", file]);
    expect(Object.keys(await containers())).toEqual(["shop-web-1"]);
  });

  it("brings up what is named and what that needs alone", async () => {
    const file = await fileOf({
      web: { image: "busybox", command: SLEEP, depends_on: ["db"] },
      db: { image: "busybox", command: SLEEP },
      other: { image: "busybox", command: SLEEP },
      side: { image: "busybox", command: SLEEP, network_mode: "service:db", profiles: ["debug"] },
    });
    await done(["up", "-d", "-f", file, "web"]);
    expect(Object.keys(await containers()).sort()).toEqual(["shop-db-1", "shop-web-1"]);
    const first = await containers();
    await done(["up", "-d", "--no-deps", "--force-recreate", "-f", file, "web"]);
    expect((await containers())["shop-db-1"]).toBe(first["shop-db-1"]);
    await done(["up", "-d", "-f", file, "side"]);
    const addresses = await Promise.all(["db", "side"].map((name) => caisson.said("exec", `shop-${name}-1`, "ip", "-o", "-4", "addr")));
    expect(addresses[0]).toBe(addresses[1]);
    // The container that it shares the network of is another one.
    const { stderr } = await done(["up", "-d", "--force-recreate", "-f", file, "db", "side"]);
    expect(stderr).toContain(" Container shop-side-1  Recreated\n");
  });

  it("hands over configs, secrets, environment files and fixed addresses, and replaces containers that have one", async () => {
    const service = (more: object) => ({ image: "busybox", command: SLEEP, networks: { fixed: { ipv4_address: "10.77.0.9" } }, ...more });
    const rest = {
      networks: { fixed: { ipam: { config: [{ subnet: "10.77.0.0/24" }] } } },
      configs: { made: { content: "made of $$1\n" }, file: { file: "./file.conf" } },
      secrets: { token: { environment: "SHOP_TOKEN" } },
    };
    const grants = {
      configs: ["file", { source: "made", target: "/deep/er/made", uid: "1000", mode: 0o400 }],
      secrets: ["token"],
      env_file: ["one.env"],
    };
    const file = await fileOf({ web: service(grants) }, rest);
    const project = path.dirname(file);
    await writeFile(path.join(project, "file.conf"), "from a file\n");
    await writeFile(path.join(project, "one.env"), "ONE='1 # $X'\n");
    await done(["up", "-d", "-f", file]);
    const script = "cat /file /deep/er/made; stat -c '%u %a' /deep/er/made; cat /run/secrets/token; echo; echo $ONE";
    expect(await caisson.said("exec", "shop-web-1", "sh", "-c", script)).toBe("from a file\nmade of $1\n1000 400\nhidden\n1 # $X");
    await writeFile(file, JSON.stringify({ name: "shop", services: { web: service({ labels: { changed: "yes" } }) }, ...rest }));
    await done(["up", "-d", "-f", file]);
    expect(await caisson.said("exec", "shop-web-1", "ip", "-o", "-4", "addr", "show", "eth0")).toContain("10.77.0.9/24");
  });

  it("builds, once and again when that is wanted", async () => {
    const build = {
      context: ".",
      dockerfile_inline:
        "FROM busybox\nARG WHO\nRUN --mount=type=secret,id=token echo $$WHO $$(cat /run/secrets/token) >/built\nCMD cat /built",
      args: { WHO: "me" },
      secrets: ["token"],
    };
    const file = await fileOf({ web: { build } }, { secrets: { token: { environment: "SHOP_TOKEN" } } });
    expect((await done(["up", "-d", "-f", file])).stderr).toContain(" Image shop-web  Built\n");
    await caisson.said("wait", "shop-web-1");
    expect(await caisson.said("logs", "shop-web-1")).toBe("me hidden");
    expect((await done(["up", "-d", "-f", file])).stderr).not.toContain("Built");
    await writeFile(
      file,
      JSON.stringify({
        name: "shop",
        services: { web: { build: { ...build, args: { WHO: "you" } } } },
        secrets: { token: { environment: "SHOP_TOKEN" } },
      }),
    );
    const { stderr } = await done(["up", "-d", "--build", "-f", file]);
    expect(stderr).toContain(" Container shop-web-1  Recreated\n");
    await caisson.said("wait", "shop-web-1");
    expect(await caisson.said("logs", "shop-web-1")).toBe("you hidden");
    expect((await done(["down", "--rmi", "local", "-f", file])).stderr).toContain(" Image shop-web  Removed\n");
    expect(await caisson.said("images", "-q", "shop-web")).toBe("");
  });
});

describe("what goes wrong", () => {
  it("a service that others wait for fails with its last words", async () => {
    const file = await fileOf({
      web: { image: "busybox", command: SLEEP, depends_on: { init: { condition: "service_completed_successfully" } } },
      init: { image: "busybox", command: sh("echo no database here >&2; exit 7") },
    });
    const { code, stderr } = await caisson.run(["up", "-d", "-f", file]);
    expect(code).toBe(1);
    expect(stderr).toContain("The service init (container shop-init-1) ended with exit code 7\nLast log lines:\n  no database here\n");
    expect(await caisson.said("ps", "-a", "--filter", "name=web", "--format", "{{.State}}")).toBe("created");
  });

  it("a service that is not healthy fails with what its check said", async () => {
    const file = await fileOf({
      web: { image: "busybox", command: SLEEP, depends_on: { db: { condition: "service_healthy" } } },
      db: {
        image: "busybox",
        command: sh("echo starting; trap exit TERM; sleep 1000 & wait"),
        healthcheck: { test: "echo not yet; exit 1", interval: "50ms", retries: 2 },
      },
    });
    const { code, stderr } = await caisson.run(["up", "-d", "-f", file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /The service db \(container shop-db-1\) is unhealthy: its check failed \d+ times in a row, last with: not yet\nLast log lines:\n {2}starting\n/,
    );
    const waited = await caisson.run(["up", "--wait", "-f", file, "db"]);
    expect([waited.code, waited.stderr]).toEqual([1, expect.stringContaining("is unhealthy")]);
  });

  it("--wait ends when its time has passed, or a container has ended", async () => {
    const slow = {
      image: "busybox",
      command: SLEEP,
      healthcheck: { test: "exit 1", interval: "1h", start_period: "1h", start_interval: "1h" },
    };
    // Without a check it would be ready as soon as it runs, if it is seen to run.
    const file = await fileOf({ slow, short: { ...slow, command: sh("echo bye; exit 3") } });
    const late = await caisson.run(["up", "--wait", "--wait-timeout", "1", "-f", file, "slow"]);
    expect([late.code, late.stderr]).toEqual([1, expect.stringContaining("The project shop was not ready after 1 s\nRemedy: ")]);
    const over = await caisson.run(["up", "--wait", "-f", file, "short"]);
    expect([over.code, over.stderr]).toEqual([
      1,
      expect.stringContaining("short (container shop-short-1) ended with exit code 3\nLast log lines:\n  bye"),
    ]);
  });

  it("a spec that the engine refuses leaves the container that runs as it is", async () => {
    const file = await fileOf({ web: { image: "busybox", command: SLEEP } });
    await done(["up", "-d", "-f", file]);
    const before = await containers();
    await writeFile(
      file,
      JSON.stringify({ name: "shop", services: { web: { image: "busybox", command: SLEEP, sysctls: { "no.such": "1" } } } }),
    );
    const { code } = await caisson.run(["up", "-d", "-f", file]);
    expect(code).toBe(1);
    expect(await containers()).toEqual(before);
    expect(await caisson.said("ps", "--filter", "name=shop", "--format", "{{.Names}}")).toBe("shop-web-1");
  });

  it("files are checked before anything is done", async () => {
    const file = await fileOf("name: shop\nservices:\n  web:\n    imag: busybox\n    ports: [x]\n");
    const { code, stderr } = await caisson.run(["up", "-d", "-f", file]);
    expect(code).toBe(1);
    expect(stderr).toContain(`The Compose file has 3 problems\n`);
    expect(stderr).toContain(`${file}:4:5: services.web.imag: there is no such key; did you mean "image"?\n`);
  });

  it("a config whose file is not there is told before anything is made, and keeps nothing from being taken down", async () => {
    const file = await fileOf(
      { web: { image: "busybox", command: SLEEP, configs: ["app"] } },
      { configs: { app: { file: "./app.conf" } } },
    );
    const conf = path.join(path.dirname(file), "app.conf");
    const problem = new RegExp(`^${file}:1:\\d+: configs\\.app\\.file: the file ${conf} is not there; it is for web\n`);
    for (const words of [
      ["compose", "config"],
      ["up", "-d"],
    ]) {
      const { code, stderr } = await caisson.run([...words, "-f", file]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(problem)]);
    }
    expect(await leftovers()).toEqual([]);
    await writeFile(conf, "");
    await done(["up", "-d", "-f", file]);
    await rm(conf);
    expect(await caisson.said("compose", "ps", "-f", file, "--services")).toBe("web");
    await done(["down", "-f", file, "-t", "0"]);
    expect(await leftovers()).toEqual([]);
  });

  it("the service whose container can't be made or started is named", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const service = { image: "busybox", command: SLEEP };
    const outcome = async (more: object): Promise<string> => {
      const file = await fileOf({ db: service, web: { ...service, ...more } });
      const { code, stderr } = await caisson.run(["up", "-d", "-f", file]);
      expect(code).toBe(1);
      return stderr.slice(stderr.indexOf("The service"));
    };
    expect(await outcome({ command: "nosuchcmd" })).toMatch(/^The service web \(container shop-web-1\): There is no command nosuchcmd\n/);
    const inUse = await outcome({ ports: [`127.0.0.1:${port}:80`] });
    expect(inUse).toContain("The service web (container shop-web-1): Could not start container shop-web-1\nThe daemon: Host port");
    expect(inUse).not.toMatch(/[0-9a-f]{64}/);
    expect(await outcome({ user: "nobody-here" })).toMatch(/^The service web \(container shop-web-1\): Creating a container of busybox/);
    taken.close();
  });

  it("external parts that are not there are named", async () => {
    const file = await fileOf(
      { web: { image: "none/such", networks: ["out"] }, db: { image: "busybox", volumes: ["data:/data"] } },
      { networks: { out: { external: true } }, volumes: { data: { external: true, name: "kept" } } },
    );
    const both = await caisson.run(["up", "-d", "-f", file]);
    expect([both.code, both.stderr]).toEqual([
      1,
      "The network out and the volume kept, which are external, are not there\n" +
        "Remedy: Make them: caisson network create out && caisson volume create kept\n",
    ]);
    const one = await caisson.run(["up", "-d", "-f", file, "db"]);
    expect([one.code, one.stderr]).toEqual([
      1,
      "The volume kept, which is external, is not there\nRemedy: Make it: caisson volume create kept\n",
    ]);
  });
});

it("compose config prints what the files say together, as a Compose file again", async () => {
  const file = await fileOf(
    'name: shop\nservices:\n  web: {image: "busybox:${TAG:-1}", command: echo $$HOME, profiles: [a]}\n  db: {image: busybox}\n',
  );
  const config = await caisson.said("compose", "config", "--profile", "a", "-f", file);
  expect(config).toBe(
    "name: shop\nservices:\n  web:\n    image: busybox:1\n    command: echo $$HOME\n    profiles:\n      - a\n  db:\n    image: busybox",
  );
  expect(await caisson.said("compose", "config", "--services", "-f", file)).toBe("db");
  expect(JSON.parse(await caisson.said("compose", "config", "--json", "-f", file))).toEqual({
    name: "shop",
    services: { db: { image: "busybox" } },
  });
});

it("down warns where there is nothing to remove", async () => {
  const file = await fileOf({ web: { image: "busybox", command: SLEEP } });
  const warning = (name: string) => ({ code: 0, stdout: "", stderr: `Warning: No resource found to remove for project "${name}".\n` });
  expect(await caisson.run(["down", "-p", "nosuch"])).toEqual(warning("nosuch"));
  expect(await caisson.run(["down", "-v", "-f", file])).toEqual(warning("shop"));
  await done(["up", "-d", "-f", file]);
  expect((await done(["down", "-f", file, "-t", "0"])).stderr).not.toContain("Warning");
});

it("commands and flags of docker's Compose that are elsewhere are shown the way", async () => {
  const outcome = async (...words: string[]) => {
    const { code, stderr } = await caisson.run(words);
    return [code, stderr];
  };
  const help = "\nSee `caisson --help`.\n";
  const place = (flag: string) => `${flag} belongs to a project: it stands after \`caisson up\`, or after \`caisson compose\`${help}`;
  expect(await outcome("--profile", "debug", "up", "-d")).toEqual([2, place("--profile")]);
  expect(await outcome("--project-name=x", "up")).toEqual([2, place("--project-name")]);
  expect(await outcome("-fcompose.yaml", "up")).toEqual([2, place("-fcompose.yaml")]);
  expect(await outcome("--prof", "debug")).toEqual([2, expect.stringContaining('There is no command "--prof"')]);
  const instead = "caisson exec -it PROJECT-SERVICE-1 COMMAND";
  expect(await outcome("compose", "-p", "shop", "exec", "web", "sh")).toEqual([
    2,
    `caisson compose exec is not served; use: ${instead}${help}`,
  ]);
  for (const name of ["stop", "start", "restart", "run", "build", "kill", "rm", "pull", "ls"]) {
    const [code, stderr] = await outcome("compose", name, "web");
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^caisson compose [a-z]+ is not served; use: caisson .+\nSee `caisson --help`\.\n$/),
    ]);
  }
  expect(await outcome("compose", "upp")).toEqual([2, expect.stringContaining("did you mean compose up")]);
});

describe("compose ps and logs", () => {
  let file: string;

  beforeEach(async () => {
    file = await fileOf({
      web: { image: "busybox", command: sh("echo up; echo oops >&2; sleep 1000"), deploy: { replicas: 2 } },
      init: { image: "busybox", command: sh("printf 'one\\ntwo\\nthree'"), container_name: "first" },
    });
    await done(["up", "-d", "-f", file]);
    await engine.containers.wait("first");
    // What they have said is in their logs once the sleep runs.
    for (const name of ["shop-web-1", "shop-web-2"])
      for await (const { data } of engine.containers.logs(name, { follow: true })) if (data.includes("oops")) break;
  });

  it("list what runs, or all of it, by the options in front of the command, too", async () => {
    const shape = ["--format", "{{.Name}} {{.Service}} {{.State}}"];
    const running = "shop-web-1 web running\nshop-web-2 web running";
    expect(await caisson.said("compose", "-f", file, "ps", ...shape)).toBe(running);
    expect(await caisson.said("compose", "--project-name=shop", "ps", "-a", ...shape)).toBe(`first init exited\n${running}`);
    expect(await caisson.said("compose", "ps", "-f", file, "--status", "exited", ...shape)).toBe("first init exited");
    expect(await caisson.said("compose", "ps", "-f", file, "--filter", "status=exited", "--services")).toBe("init");
    const json = JSON.parse(await caisson.said("compose", "ps", "-f", file, "-a", "--format", "json", "init"));
    expect(json).toMatchObject({ Name: "first", Health: "", ExitCode: 0, Publishers: [] });
    const ids = (await caisson.said("compose", "ps", "-f", file, "-q", "web")).split("\n");
    const { first: _, ...web } = await containers();
    expect(ids.sort()).toEqual(Object.values(web).sort());
    expect((await caisson.said("compose", "ps", "-f", file)).split("\n").map((line) => line.split(/ {3,}/)[3])).toEqual([
      "SERVICE",
      "web",
      "web",
    ]);
    expect(JSON.parse(await caisson.said("compose", "ps", "-f", file, "--json", "init", "-a"))).toMatchObject([
      { name: "first", status: "exited" },
    ]);
  });

  it("print what they have written, each line with its container", async () => {
    const { stdout, stderr } = await done(["compose", "logs", "--file", file]);
    expect(stdout).toBe("first  | one\nfirst  | two\nfirst  | three\nweb-1  | up\nweb-2  | up\n");
    expect(stderr).toBe("web-1  | oops\nweb-2  | oops\n");
    expect(await caisson.said("compose", "logs", "--file", file, "--tail", "2", "--no-log-prefix", "init")).toBe("two\nthree");
    expect(await caisson.said("compose", "-f", file, "logs", "-t", "-n", "1", "init")).toMatch(
      /^first {2}\| \d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}Z three$/,
    );
  });

  it("follow until all have ended", async () => {
    const following = done(["compose", "-f", file, "logs", "-f", "web"]);
    await engine.containers.stop("shop-web-1", { timeoutMs: 0 });
    await engine.containers.stop("shop-web-2", { timeoutMs: 0 });
    expect((await following).stdout.split("\n").sort()).toEqual(["", "web-1  | up", "web-2  | up"]);
  });

  it("name what is wrong", async () => {
    const outcome = async (...words: string[]) => {
      const { code, stderr } = await caisson.run(["compose", ...words]);
      return [code, stderr.split("\n")[0]];
    };
    expect(await outcome("-f", file, "ps", "none")).toEqual([1, 'Expected `service` to be a service of the project, got "none" (string)']);
    expect(await outcome("-f", file, "logs", "--tail", "few")).toEqual([2, '--tail takes a number, not "few"']);
    expect(await outcome("-f", file, "ps", "--filter", "name=x")).toEqual([2, '--filter takes KEY=VALUE with one of status, not "name=x"']);
    expect(await outcome("-f", file, "ps", "--status", "asleep")).toEqual([1, "Listing containers: the daemon answered 400"]);
    expect(await outcome("--nope", "ps")).toEqual([2, "Unknown option '--nope'"]);
    expect(await outcome("-f")).toEqual([2, expect.stringContaining("argument missing")]);
  });
});

describe("up in the foreground", () => {
  it("shows all logs side by side until Ctrl-C, which stops all", async () => {
    const talk = (word: string) => sh(`echo ${word} talks; trap 'echo ${word} leaves; exit 0' TERM; sleep 1000 & wait`);
    const file = await fileOf({
      web: { image: "busybox", command: talk("web"), depends_on: ["database"] },
      database: { image: "busybox", command: talk("database") },
    });
    const { child, result } = caisson.start(["up", "-f", file]);
    let seen = "";
    await new Promise<void>((resolve) => {
      child.stdout?.on("data", (chunk: Buffer) => {
        seen += chunk.toString();
        if (seen.includes("web talks") && seen.includes("database talks")) resolve();
      });
    });
    child.kill("SIGINT");
    const { code, stdout, stderr } = await result;
    expect(code).toBe(130);
    expect(stdout.split("\n").sort()).toEqual(
      ["", "database-1  | database leaves", "database-1  | database talks", "web-1       | web leaves", "web-1       | web talks"].sort(),
    );
    expect(stderr).toContain("Gracefully stopping... (press Ctrl+C again to force)\n");
    expect(stderr.indexOf("Container shop-web-1  Stopped")).toBeLessThan(stderr.indexOf("Container shop-database-1  Stopping"));
    expect(stderr).toContain("web-1 exited with code 0\n");
    expect(await caisson.said("ps", "-a", "--filter", "name=shop", "--format", "{{.State}}")).toBe("exited\nexited");
  });

  it("a second Ctrl-C ends those that don't want to", async () => {
    const file = await fileOf({
      web: {
        image: "busybox",
        command: sh("trap 'echo no' TERM; echo here; while :; do sleep 1000 & wait; done"),
        stop_grace_period: "1h",
      },
    });
    const { child, result } = caisson.start(["up", "-f", file]);
    const said = (text: string) =>
      new Promise<void>((resolve) => {
        child.stdout?.on("data", (chunk: Buffer) => void (chunk.toString().includes(text) && resolve()));
      });
    const [here, no] = [said("here"), said("no")];
    await here;
    child.kill("SIGINT");
    await no;
    child.kill("SIGINT");
    const { code, stderr } = await result;
    expect([code, stderr]).toEqual([130, expect.stringContaining("web-1 exited with code 137\n")]);
  });

  it("ends with its containers, or with the first of them, whose exit code it returns", async () => {
    const file = await fileOf({
      test: { image: "busybox", command: sh("echo testing; exit 5") },
      db: { image: "busybox", command: SLEEP },
    });
    const all = await done(["up", "-f", file, "test"]);
    expect([all.stdout, all.stderr]).toEqual(["test-1  | testing\n", expect.stringContaining("test-1 exited with code 5\n")]);
    const from = await caisson.run(["up", "--exit-code-from", "test", "--no-log-prefix", "-f", file]);
    expect([from.code, from.stdout]).toEqual([5, "testing\n"]);
    expect(await caisson.said("ps", "-q", "--filter", "name=shop")).toBe("");
    expect((await caisson.run(["up", "--abort-on-container-exit", "-f", file])).code).toBe(5);
  });
});

describe("beside docker's Compose on one server", () => {
  const compose = async (file: string, ...words: string[]): Promise<string> => {
    const env = {
      ...process.env,
      DOCKER_HOST: `unix://${home}/caisson.sock`,
      COMPOSE_API_VERSION: "1.44",
      DOCKER_CONFIG: directory,
      SHOP_TOKEN: "hidden",
    };
    const { stdout } = await run("docker-compose", ["--no-ansi", "-p", "shop", "-f", file, ...words], { env, cwd: path.dirname(file) });
    return stdout;
  };

  it("a file brought up by either is the same", async () => {
    const services = {
      web: {
        image: "busybox",
        command: SLEEP,
        entrypoint: ["/bin/busybox", "env"],
        user: "1000:1000",
        working_dir: "/tmp",
        hostname: "web-host",
        domainname: "example.org",
        environment: { A: "1", B: "two words" },
        labels: { mine: "yes" },
        ports: ["8080", "127.0.0.1:0:81/udp"],
        expose: ["90"],
        volumes: ["data:/data", "./bound:/bound:ro", "/anonymous"],
        tmpfs: ["/scratch:size=1m"],
        cap_add: ["NET_ADMIN"],
        cap_drop: ["MKNOD"],
        security_opt: ["no-new-privileges:true"],
        dns: ["9.9.9.9"],
        dns_search: ["example.org"],
        extra_hosts: ["elsewhere:10.9.8.7"],
        ulimits: { nofile: { soft: 512, hard: 1024 } },
        sysctls: { "net.ipv4.ip_unprivileged_port_start": "0" },
        healthcheck: { test: ["CMD", "true"], interval: "1h", timeout: "2s", retries: 7, start_period: "3s" },
        restart: "on-failure:4",
        stop_signal: "SIGINT",
        read_only: true,
        init: true,
        shm_size: "32m",
        group_add: ["2000"],
        networks: { front: { aliases: ["www"], ipv4_address: "10.78.0.9" }, back: {} },
        depends_on: ["db"],
      },
      db: { image: "busybox", command: "sh -c 'trap exit TERM; sleep 1000 & wait'", tty: true, stdin_open: true, networks: ["back"] },
      side: { image: "busybox", command: SLEEP, network_mode: "service:db", pid: "host" },
    };
    const networks = { front: { ipam: { config: [{ subnet: "10.78.0.0/24" }] } }, back: { internal: true } };
    const file = await fileOf("");
    await mkdir(path.join(path.dirname(file), "bound"));
    const { name: _, ...text } = { name: "", version: "2.4", services, networks, volumes: { data: {} } };
    await writeFile(file, JSON.stringify(text));
    await done(["up", "-d", "-p", "shop", "-f", file]);
    const ours = await fieldsOf();
    await done(["down", "-v", "-p", "shop", "-f", file, "-t", "0"]);
    await compose(file, "up", "-d");
    const theirs = await fieldsOf();
    await compose(file, "down", "-v", "-t", "0");
    expect(ours).toEqual(theirs);
  });

  it("each sees what the other has brought up", async () => {
    const file = await fileOf("");
    await writeFile(file, JSON.stringify({ version: "2.4", services: { web: { image: "busybox", command: SLEEP } } }));
    await done(["up", "-d", "-p", "shop", "-f", file]);
    const ids = Object.values(await containers());
    expect((await compose(file, "ps", "-q")).trim()).toBe(ids[0]);
    await compose(file, "stop", "-t", "0");
    await compose(file, "rm", "-f");
    expect(await containers()).toEqual({});
    await compose(file, "up", "-d");
    const [theirs] = Object.keys(await containers());
    const { stderr } = await done(["down", "-p", "shop", "-f", file, "-t", "0"]);
    expect(stderr).toContain(` Container ${theirs}  Removed\n`);
    expect(stderr).toContain(" Network shop_default  Removed\n");
  });
});

type Json = Readonly<Record<string, unknown>>;

/** Fields that the two tools set, by service; ids, times and generated names left out. */
async function fieldsOf(): Promise<Json> {
  const names = Object.keys(await containers());
  const env = { ...process.env, DOCKER_HOST: `unix://${home}/caisson.sock`, DOCKER_CONFIG: directory };
  const { stdout } = await run("docker", ["inspect", ...names], { env });
  return Object.fromEntries(
    (JSON.parse(stdout) as InspectJson[]).map((each) => [each.Config.Labels["com.docker.compose.service"], fields(each)]),
  );
}

interface InspectJson {
  readonly Id: string;
  readonly Config: Json & { readonly Labels: Readonly<Record<string, string>>; readonly Env: readonly string[] };
  readonly HostConfig: Json & { readonly NetworkMode: string };
  readonly Mounts: readonly (Json & { readonly Type: string; readonly Name?: string; readonly Destination: string })[];
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, Json & { readonly Aliases: readonly string[] | null }>> };
}

const CONFIG = [
  "Hostname",
  "Domainname",
  "User",
  "Tty",
  "OpenStdin",
  "Cmd",
  "Entrypoint",
  "Image",
  "WorkingDir",
  "ExposedPorts",
  "Healthcheck",
  "StopSignal",
];
const HOST_CONFIG = [
  ...["CapAdd", "CapDrop", "Dns", "DnsSearch", "ExtraHosts", "GroupAdd", "Init", "IpcMode", "Memory", "NanoCpus", "PidMode", "PidsLimit"],
  ...["PortBindings", "Privileged", "ReadonlyRootfs", "RestartPolicy", "SecurityOpt", "ShmSize", "Sysctls", "Tmpfs", "Ulimits", "UTSMode"],
];
const LABELS = ["project", "service", "container-number", "oneoff", "project.working_dir"].map((name) => `com.docker.compose.${name}`);

function listed(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function fields({ Id, Config, HostConfig, Mounts, NetworkSettings }: InspectJson): Json {
  const pick = (from: Json, names: readonly string[]): Json => Object.fromEntries(names.map((name) => [name, from[name] ?? null]));
  // As long as docker's short ids: a service's name may be how an id begins.
  const own = (name: string): boolean => name.length >= 12 && Id.startsWith(name);
  const peers = (name: string): boolean => name.length >= 12 && HostConfig.NetworkMode.startsWith(`container:${name}`);
  const config = pick(Config, CONFIG);
  const host = pick(HostConfig, HOST_CONFIG);
  return {
    ...config,
    Hostname: own(String(config["Hostname"])) ? "its id" : peers(String(config["Hostname"])) ? "its peer's id" : config["Hostname"],
    Env: [...Config.Env].sort(),
    Labels: { ...pick(Config.Labels, LABELS), mine: Config.Labels["mine"] },
    ...host,
    // Every container of the command line's reaches this host by these names.
    ExtraHosts: listed(host["ExtraHosts"]).filter((line) => !/^host\.(?:caisson|docker|testcontainers)\.internal:/.test(line)),
    // Two notations of one option.
    SecurityOpt: listed(host["SecurityOpt"]).map((option) => option.replace(/^(no-new-privileges):true$/, "$1")),
    // The command line asks for the loopback addresses where no address is named; the server gives them to who names none.
    PortBindings: JSON.parse(JSON.stringify(host["PortBindings"]).replaceAll('"HostIp":"127.0.0.1"', '"HostIp":""')),
    Mounts: Mounts.map(({ Type, Name, Destination, RW, Source }) => ({
      Type,
      Destination,
      RW,
      Name: /^[0-9a-f]{64}$/.test(Name ?? "") ? "anonymous" : Name,
      Source: Type === "bind" ? Source : undefined,
    })).sort((a, b) => a.Destination.localeCompare(b.Destination)),
    Networks: Object.fromEntries(
      Object.entries(NetworkSettings.Networks)
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([name, { Aliases, IPAMConfig }]) => [name, { Aliases: (Aliases ?? []).filter((alias) => !own(alias)).sort(), IPAMConfig }]),
    ),
  };
}
