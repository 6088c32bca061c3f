/** A daemon that keeps several platforms under one name, as Docker's containerd store does (API 1.49), and one that has one. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { CaissonError } from "../../../../../src/engine/errors.js";
import type { DockerClient, DockerRequest } from "../../../../../src/engine/remote/docker-client.js";
import { RemoteImages } from "../../../../../src/engine/remote/images/image-service.js";

/** @param shown the architecture of what is shown where none is asked for @param has of all that there are */
function imagesOf({ shown, has, speaks }: { readonly shown: string; readonly has: readonly string[]; readonly speaks: boolean }) {
  const client = {
    speaks: () => speaks,
    async json(_method: string, requested: string, { query = {} }: DockerRequest) {
      const { architecture } = JSON.parse(String(query["platform"] ?? `{"architecture":"${shown}"}`)) as { architecture: string };
      if (requested.startsWith("/distribution"))
        return { Descriptor: { mediaType: "", digest: "", size: 0 }, Platforms: [{ os: "linux", architecture: shown }] };
      if (!has.includes(architecture)) {
        const message = "image was found but does not provide the specified platform";
        throw new CaissonError("DAEMON_ERROR", message, { facts: { doing: "", message, status: 404 } });
      }
      if (requested.endsWith("/history")) return [];
      return { Id: "a".repeat(64), Os: "linux", Architecture: architecture, Config: { Env: ["PATH=/bin", `IS_${architecture}=1`] } };
    },
  } as unknown as DockerClient;
  return new RemoteImages({ client, environment: {}, platform: "linux/amd64" });
}

async function check(images: RemoteImages): Promise<readonly string[]> {
  const place = await mkdtemp(path.join(tmpdir(), "caisson-unit-"));
  try {
    await writeFile(path.join(place, "Dockerfile"), "FROM base\nLABEL a=$IS_amd64\n");
    const { warnings, error } = await images.checkBuild(place);
    return [...warnings.map(({ rule }) => rule), ...(error ? [error.message] : [])];
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

it.each([
  ["the one that is checked against, of several", { shown: "arm64", has: ["arm64", "amd64"], speaks: true }, []],
  [
    "the one that there is, where its registry has no other",
    { shown: "arm64", has: ["arm64"], speaks: true },
    ["InvalidBaseImagePlatform", "UndefinedVar"],
  ],
  ["the one that is shown, by daemons that know no such question", { shown: "amd64", has: ["amd64"], speaks: false }, []],
])("%s", async (_name, daemon, found) => {
  expect(await check(imagesOf(daemon))).toEqual(found);
});
