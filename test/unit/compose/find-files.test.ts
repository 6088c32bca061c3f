import { describe, expect, it } from "vitest";
import { isCaissonError } from "../../../src/engine/errors.js";
import { projectOf } from "./project.js";

const WEB = "services: {web: {image: busybox}}";
const named = (image: string): string => `services: {web: {image: ${image}}}`;

async function failureOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return isCaissonError(error) ? `${error.code} ${error.message}` : String(error);
}

describe("the files of a project", () => {
  it.each([
    [["docker-compose.yaml", "docker-compose.yml", "compose.yml", "compose.yaml"], "compose.yaml"],
    [["docker-compose.yaml", "docker-compose.yml", "compose.yml"], "compose.yml"],
    [["docker-compose.yaml", "docker-compose.yml"], "docker-compose.yml"],
  ])("of %j the first is taken", async (files, first) => {
    const project = await projectOf(Object.fromEntries(files.map((file) => [file, WEB])));
    expect(project.files).toEqual([`/srv/shop/${first}`]);
  });

  it("an override is put on top, unless files are named", async () => {
    const files = { "docker-compose.yml": named("a"), "docker-compose.override.yml": named("b"), "third.yml": named("c") };
    expect((await projectOf(files)).services.get("web")?.image).toBe("b");
    expect((await projectOf(files, { files: ["docker-compose.yml"] })).services.get("web")?.image).toBe("a");
    const third = await projectOf(files, { environment: { COMPOSE_FILE: "docker-compose.yml:third.yml" } });
    expect(third.services.get("web")?.image).toBe("c");
  });

  it("they are looked for in the directories above, and may come from the standard input", async () => {
    const above = await projectOf({ "compose.yaml": WEB }, { workingDirectory: "/srv/shop/src/deep" });
    expect([above.directory, above.name]).toEqual(["/srv/shop", "shop"]);
    const piped = await projectOf({ "-": WEB }, { files: ["-"] });
    expect([piped.directory, piped.files]).toEqual(["/srv/shop", ["-"]]);
  });

  it("none is a failure that says what was looked for", async () => {
    expect(await failureOf(projectOf({}))).toBe(
      "PATH_NOT_FOUND There is no Compose file in /srv/shop, or in a directory above\n" +
        "Looked for: compose.yaml, compose.yml, docker-compose.yml, docker-compose.yaml\n" +
        "Remedy: Go to the project's directory, or name the file with -f.",
    );
    expect(await failureOf(projectOf({ "compose.yaml": WEB }, { files: ["x.yaml"] }))).toMatch(/^PATH_NOT_FOUND .*x\.yaml is not there/);
  });

  it("variables come from the environment, then from environment files", async () => {
    const files = {
      "compose.yaml": "services: {web: {image: 'busybox:$A-$B-$C'}}",
      ".env": "A=file\nB=file\nC=${A}\n",
      "one.env": "A=1\nB=1",
      "two.env": "B=2\nC=2",
    };
    const image = async (options: object): Promise<string | undefined> => (await projectOf(files, options)).services.get("web")?.image;
    expect(await image({ environment: { A: "env" } })).toBe("busybox:env-file-env");
    expect(await image({ envFiles: ["one.env", "two.env"] })).toBe("busybox:1-2-2");
    expect(await failureOf(image({ envFiles: ["no.env"] }))).toMatch(/^PATH_NOT_FOUND The environment file .*no\.env is not there/);
    const broken = projectOf({ ...files, ".env": "A=1\n?" });
    expect(await failureOf(broken)).toMatch(/^COMPOSE_INVALID \/srv\/shop\/\.env:2:1: expected NAME=VALUE/);
  });
});

describe("the name of a project", () => {
  it.each([
    [{ projectName: "given" }, "given"],
    [{ environment: { COMPOSE_PROJECT_NAME: "env" } }, "env"],
    [{}, "in-file"],
  ])("%j", async (options, name) => {
    expect((await projectOf("name: in-file\nservices: {web: {image: b}}", options)).name).toBe(name);
  });

  it("is that of the directory where nobody chose one, without what a name can't have", async () => {
    const project = await projectOf({ "/srv/_My Shop.v2/compose.yaml": WEB }, { workingDirectory: "/srv/_My Shop.v2" });
    expect(project.name).toBe("myshopv2");
    expect([...project.networks.values()].map(({ name }) => name)).toEqual(["myshopv2_default"]);
  });

  it("is refused where it is none", async () => {
    expect(await failureOf(projectOf(WEB, { projectName: "Big" }))).toMatch(/^OPTION_INVALID Expected `--project-name` to be lower-case/);
    expect(await failureOf(projectOf("name: Big\nservices: {web: {image: b}}"))).toMatch(
      /^COMPOSE_INVALID compose\.yaml:1:7: name: "Big" is no name of a project/,
    );
  });

  it("may stand in the files' values", async () => {
    const project = await projectOf("services: {web: {image: 'i:$COMPOSE_PROJECT_NAME'}}", { projectName: "shop-2" });
    expect(project.services.get("web")?.image).toBe("i:shop-2");
    expect(project.warnings).toEqual([]);
  });
});
