/**
 * The same Dockerfiles built by Caisson and by Docker's BuildKit. Compared: configuration, history, and every file's kind, mode, owner,
 * size, target, attributes and contents.
 */
import { execFile } from "node:child_process";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { type BuildCase, writeContext } from "./build-case.js";
import { commands } from "./cases/commands.js";
import { configuration } from "./cases/configuration.js";
import { files } from "./cases/files.js";
import { newer } from "./cases/newer.js";
import { stages } from "./cases/stages.js";
import { describeImage, type ImageDescription } from "./image-description.js";
import { someOf, useBothBuilders } from "./newer-docker.js";

const run = promisify(execFile);
const BASE = "differential/base:1";

const both = useBothBuilders("docker", async (engine) => {
  await ensureBusyboxImage(engine, BASE);
  return [BASE];
});

async function ours(context: string, { buildArgs, target, labels }: BuildCase): Promise<ImageDescription> {
  const { image } = await both.engine.images.build(context, { buildArgs, target, labels });
  return describeImage(await buffer(await both.engine.images.save([image.id])));
}

async function dockers(context: string, { buildArgs = {}, target, labels = {} }: BuildCase): Promise<ImageDescription> {
  const flags = [
    ...Object.entries(buildArgs).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
    ...Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
    ...(target === undefined ? [] : ["--target", target]),
  ];
  const built = await run("docker", ["build", "--quiet", "--network", "none", ...flags, context], { env: both.env });
  const saved = await run("docker", ["save", built.stdout.trim()], { env: both.env, encoding: "buffer", maxBuffer: 1 << 28 });
  return describeImage(saved.stdout);
}

/** Places to mount on, which Docker 20.10 makes in the image and newer ones clean up (buildkit#3307). */
const STUBS = ["proc", "sys", "dev", "etc/hosts", "etc/resolv.conf", "etc", "run", "run/secrets"];

function withoutStubs(found: ImageDescription, other: ImageDescription): ImageDescription["files"] {
  return Object.fromEntries(Object.entries(found.files).filter(([name]) => !(STUBS.includes(name) && other.files[name] === undefined)));
}

/**
 * BuildKit changed some texts since the version that is compared with (0.12): ARG shows its value, HEALTHCHECK names its fields, and RUN also
 * counts arguments of the stages below.
 */
function comparable([text, empty]: ImageDescription["history"][number]): string {
  const short = text
    .replace(/^ARG (.*)$/, (_, args) => `ARG ${String(args).replace(/=\S*( \S+(?!=))*/g, "")}`)
    .replace(/^HEALTHCHECK .*/, "HEALTHCHECK");
  return `${short.replace(/^RUN \|\d+ (\S+=\S* )*/, "RUN ")} ${empty ? "" : "layer"}`;
}

let counter = 0;
describe.each([
  ["configuration", configuration],
  ["files", files],
  ["commands", commands],
  ["stages", stages],
  ["newer", newer],
])("%s", (_, cases) => {
  it.each(someOf(cases).map((each) => [each.name, each] as const))("%s", async (_name, each) => {
    const context = path.join(both.directory, `context-${++counter}`);
    await writeContext(context, each, BASE);
    const [mine, theirs] = await Promise.all([ours(context, each), dockers(context, each)]);
    expect(mine.config).toEqual(theirs.config);
    expect(mine.history.map(comparable)).toEqual(theirs.history.map(comparable));
    expect(withoutStubs(mine, theirs)).toEqual(withoutStubs(theirs, mine));
  });
});
