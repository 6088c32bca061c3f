/** The daemon's list of images as the contract has it, in one request. */
import { expect, it } from "vitest";
import type { DockerClient } from "../../../../../src/engine/remote/docker-client.js";
import { RemoteImages } from "../../../../../src/engine/remote/images/image-service.js";

const ID = `sha256:${"a".repeat(64)}`;
const DIGEST = `sha256:${"d".repeat(64)}`;

/** Rows as dockerd 20.10, Podman 5 and a server of ours have them. */
const ROWS = [
  { Id: ID, RepoTags: ["<none>:<none>"], RepoDigests: ["<none>@<none>"], Created: 10, Size: 1, Labels: null },
  {
    Id: "b".repeat(64),
    RepoTags: ["docker.io/library/base:1"],
    RepoDigests: [`docker.io/library/base@${DIGEST}`],
    Created: 30,
    Os: "linux",
    Arch: "amd64",
  },
  {
    Id: ID,
    RepoTags: ["team/app:2"],
    RepoDigests: null,
    Created: 20,
    Size: 7,
    Labels: { a: "b", "caisson.session": "" },
    Os: "linux",
    Arch: "arm",
    Variant: "v7",
  },
];

function listing(): { readonly images: RemoteImages; readonly requests: string[] } {
  const requests: string[] = [];
  const client = {
    async json(method: string, path: string) {
      requests.push(`${method} ${path}`);
      return ROWS;
    },
  } as unknown as DockerClient;
  return { images: new RemoteImages({ client, environment: {}, platform: "linux/amd64" }), requests };
}

it("has all that the daemon's rows tell", async () => {
  const { images, requests } = listing();
  expect(await images.list()).toEqual([
    {
      id: `sha256:${"b".repeat(64)}`,
      references: ["base:1"],
      repoDigests: [`base@${DIGEST}`],
      created: new Date(30_000),
      size: 0,
      labels: {},
      platform: "linux/amd64",
    },
    {
      id: ID,
      references: ["team/app:2"],
      repoDigests: [],
      created: new Date(20_000),
      size: 7,
      labels: { a: "b" },
      platform: "linux/arm/v7",
    },
    { id: ID, references: [], repoDigests: [], created: new Date(10_000), size: 1, labels: {}, platform: undefined },
  ]);
  expect(requests).toEqual(["GET /images/json"]);
});

it("is searched for references here: daemons differ in what a pattern is", async () => {
  const { images } = listing();
  expect((await images.list({ reference: "base" })).map(({ references }) => references)).toEqual([["base:1"]]);
  expect(await images.list({ reference: "nonesuch*" })).toEqual([]);
});
