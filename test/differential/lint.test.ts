/** The same Dockerfiles checked by Caisson and by Docker's BuildKit: rules, lines and messages. Nothing is built. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { BuildWarning } from "../../src/engine/engine.js";
import { busyboxRootfs } from "../fixtures/busybox-image.js";
import { from } from "../fixtures/lint/from.js";
import { instructions } from "../fixtures/lint/instructions.js";
import { LINT_IMAGES, type LintCase, lintCase } from "../fixtures/lint/lint-case.js";
import { options } from "../fixtures/lint/options.js";
import { variables } from "../fixtures/lint/variables.js";
import { writing } from "../fixtures/lint/writing.js";
import { startRegistry } from "../fixtures/registry.js";
import { someOf, useBothBuilders } from "./newer-docker.js";

const run = promisify(execFile);

/** What `docker build --call=check,format=json` prints. */
interface DockerCheck {
  readonly warnings:
    | readonly {
        readonly ruleName: string;
        readonly description: string;
        readonly url?: string;
        readonly detail: string;
        readonly location: { readonly ranges: readonly { readonly start: { readonly line: number } }[] };
      }[]
    | null;
  readonly buildError?: { readonly message: string };
}

interface Checked {
  readonly warnings: readonly string[];
  readonly failed: boolean;
}

const both = useBothBuilders("docker-checks", async (engine) => {
  const rootfs = await busyboxRootfs();
  for (const [reference, config] of Object.entries(LINT_IMAGES)) {
    await both.engine.images.import(Readable.from([rootfs]), { reference, config });
  }
  return Object.keys(LINT_IMAGES);
});

function describeWarning(lines: readonly [first: number, last: number], rule: string, texts: readonly (string | undefined)[]): string {
  const [first, last] = lines;
  return `${first === last ? first : `${first}-${last}`} ${rule}: ${texts.join(" | ")}`;
}

async function ours(context: string, { buildArgs, target }: LintCase): Promise<Checked> {
  const { warnings, error } = await both.engine.images.checkBuild(context, { buildArgs, target });
  const texts = ({ message, description, url }: BuildWarning) => [message, description, url ?? ""];
  const lines = warnings.map((warning) => describeWarning([warning.line, warning.endLine], warning.rule, texts(warning)));
  return { warnings: lines.sort(), failed: error !== undefined };
}

async function dockers(context: string, { buildArgs = {}, target }: LintCase): Promise<Checked> {
  const flags = Object.entries(buildArgs).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]);
  if (target !== undefined) flags.push("--target", target);
  const { stdout } = await run("docker", ["build", "--call=check,format=json", ...flags, context], { env: both.env }).catch(
    (failure: { stdout: string }) => failure,
  );
  const { warnings, buildError } = JSON.parse(stdout) as DockerCheck;
  const lines = (warnings ?? []).map(({ ruleName, description, url, detail, location: { ranges } }) =>
    describeWarning([ranges[0]!.start.line, ranges.at(-1)!.start.line], ruleName, [detail, description, url ?? ""]),
  );
  return { warnings: lines.sort(), failed: buildError !== undefined };
}

let counter = 0;
async function writeContext({ dockerfile, ignoreFile }: LintCase): Promise<string> {
  const context = path.join(both.directory, `context-${++counter}`);
  await mkdir(context);
  await writeFile(path.join(context, "Dockerfile"), dockerfile);
  if (ignoreFile !== undefined) await writeFile(path.join(context, ".dockerignore"), ignoreFile);
  return context;
}

describe.each([
  ["writing", writing],
  ["options", options],
  ["from", from],
  ["variables", variables],
  ["instructions", instructions],
])("%s", (_, cases) => {
  const compared = cases.filter(({ apart }) => apart === undefined);
  it.concurrent.each(someOf(compared).map((each) => [each.name, each] as const))("%s", async (_name, each) => {
    const context = await writeContext(each);
    const [mine, theirs] = await Promise.all([ours(context, each), dockers(context, each)]);
    expect(mine).toEqual(theirs);
  });
});

it("an image of another platform than was asked for", async () => {
  await using registry = await startRegistry(path.join(both.directory, "registry"), both.directory);
  const reference = `${registry.host}/lint/arm:1`;
  const rootfs = Readable.from([await busyboxRootfs()]);
  await both.engine.images.import(rootfs, { reference, platform: "linux/arm64", config: { env: ["PATH=/bin"] } });
  await both.engine.images.push(reference);
  const each = lintCase("", `FROM ${reference}\nLABEL a=$PATH\n`);
  const context = await writeContext(each);
  const mine = await ours(context, each);
  expect(mine.warnings.map((warning) => warning.split(":")[0])).toEqual(["1 InvalidBaseImagePlatform"]);
  expect(mine).toEqual(await dockers(context, each));
});

// What is newer than the BuildKit that is compared with: the unit tests hold it to what BuildKit's sources say.
it("names what is not compared, and why", () => {
  const apart = [writing, options, from, variables, instructions].flat().flatMap(({ name, apart }) => (apart ? [`${name}: ${apart}`] : []));
  expect(apart).toMatchInlineSnapshot(`
    [
      "comments above instructions: newer: comments above instructions",
      "comments ask for experimental rules: newer: comments above instructions",
      "names of files and versions are no secrets: newer: files and versions",
      "ignored files, their names cleaned: newer: cleaned names",
      "hidden files ignored are not everything: newer: COPY . is the root of the context, no hidden file",
      "ignored with exceptions can't be told: newer: no exceptions",
    ]
  `);
});
