/** `caisson up` and `down` on a Docker daemon. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { busyboxRootfs } from "../fixtures/busybox-image.js";
import { type CommandLine, commandLine } from "../fixtures/command-line.js";
import { type Dockerd, startDockerd } from "../fixtures/dockerd.js";

let directory: string;
let dockerd: Dockerd;
let caisson: CommandLine;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-compose-daemon-"));
  dockerd = await startDockerd(path.join(directory, "dockerd"));
  caisson = commandLine(path.join(directory, "home"), { DOCKER_HOST: dockerd.host });
  await writeFile(path.join(directory, "busybox.tar"), await busyboxRootfs());
  await dockerd.docker("import", "-c", 'CMD ["sh"]', "-c", "ENV PATH=/bin", path.join(directory, "busybox.tar"), "busybox");
});

afterAll(async () => {
  await dockerd?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

it("a project is brought up, left alone, changed and taken down", async () => {
  const project = path.join(directory, "shop");
  await mkdir(path.join(project, "src"), { recursive: true });
  await writeFile(path.join(project, "src", "Dockerfile"), "FROM busybox\nARG WHO\nRUN echo built for $WHO >/built\n");
  const file = path.join(project, "compose.yaml");
  const write = (mode: string): Promise<void> =>
    writeFile(
      file,
      JSON.stringify({
        services: {
          web: {
            build: { context: "src", args: { WHO: "me" } },
            command: ["httpd", "-f", "-p", "8080", "-h", "/etc"],
            stop_signal: "KILL",
            environment: { MODE: mode },
            networks: { front: { aliases: ["www"] }, back: { ipv4_address: "10.79.0.9" } },
            volumes: ["data:/data", "/anonymous"],
            configs: [{ source: "made", target: "/deep/made" }],
            depends_on: { init: { condition: "service_completed_successfully" }, db: { condition: "service_healthy" } },
          },
          init: { image: "busybox", command: ["true"], network_mode: "none" },
          db: {
            image: "busybox",
            command: ["sh", "-c", "trap exit TERM; sleep 1000 & wait"],
            healthcheck: { test: "true", interval: "200ms" },
            networks: ["front"],
          },
        },
        networks: { front: {}, back: { ipam: { config: [{ subnet: "10.79.0.0/24" }] } } },
        volumes: { data: {} },
        configs: { made: { content: "made\n" } },
      }),
    );
  const idOf = async (name: string): Promise<string> => (await dockerd.docker("inspect", "--format", "{{.Id}}", name)).trim();
  const up = async (): Promise<string> => {
    const { code, stderr } = await caisson.run(["up", "--wait", "-f", file]);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    return stderr;
  };
  await write("one");
  expect(await up()).toContain(" Container shop-web-1  Healthy\n");
  const inWeb = (script: string): Promise<string> => dockerd.docker("exec", "shop-web-1", "sh", "-c", script);
  expect(await inWeb("cat /built /deep/made; touch /anonymous/kept")).toBe("built for me\nmade\n");
  expect(await dockerd.docker("exec", "shop-db-1", "wget", "-qO-", "http://www:8080/group")).toContain("root:x:0:");
  const [web, db] = [await idOf("shop-web-1"), await idOf("shop-db-1")];
  expect(await up()).toContain(" Container shop-web-1  Running\n");
  expect(await idOf("shop-web-1")).toBe(web);
  await write("two");
  await up();
  expect([(await idOf("shop-web-1")) === web, await idOf("shop-db-1")]).toEqual([false, db]);
  expect(await inWeb("echo $MODE; ls /anonymous")).toBe("two\nkept\n");
  expect((await caisson.run(["down", "-v", "--rmi", "local", "-f", file, "-t", "0"])).code).toBe(0);
  const left = await Promise.all([
    dockerd.docker("ps", "-aq"),
    dockerd.docker("volume", "ls", "-q"),
    dockerd.docker("images", "-q", "shop-web"),
  ]);
  expect(left).toEqual(["", "", ""]);
  expect(await dockerd.docker("network", "ls", "--format", "{{.Name}}")).not.toContain("shop");
});
