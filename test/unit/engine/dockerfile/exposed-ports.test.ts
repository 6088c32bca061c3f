import { expect, it } from "vitest";
import { parseExposedPorts, splitPortWord } from "../../../../src/engine/dockerfile/exposed-ports.js";
import { parseDockerfile } from "../../../../src/engine/dockerfile/parse-dockerfile.js";

const DOCKERFILE = parseDockerfile("Dockerfile", "FROM x\nEXPOSE 1\n");
const [EXPOSE] = DOCKERFILE.stages[0]!.instructions;

function ports(word: string): string[] {
  return parseExposedPorts(DOCKERFILE, EXPOSE as Parameters<typeof parseExposedPorts>[1], [word]);
}

it.each([
  ["80", ["80/tcp"]],
  ["53/UDP", ["53/udp"]],
  ["80/", ["80/tcp"]],
  ["8000-8002/sctp", ["8000/sctp", "8001/sctp", "8002/sctp"]],
  ["8080:80", ["80/tcp"]],
  [":80", ["80/tcp"]],
  ["8000-8001:80-81", ["80/tcp", "81/tcp"]],
  ["8000-8009:80", ["80/tcp"]],
  ["127.0.0.1:8080:80/udp", ["80/udp"]],
  ["[::1]:8080:80", ["80/tcp"]],
  ["::1:8080:80", ["80/tcp"]],
])("%s", (word, expected) => {
  expect(ports(word)).toEqual(expected);
});

it.each(["", "x", "80x", "80/foo", "65536", "90-80", "1:", "1-2:3-5", "1.2.3:80:80", "80/udp/x"])("%s is none", (word) => {
  expect(() => ports(word)).toThrowError(`Dockerfile:2: invalid containerPort: ${word}`);
});

it("cuts a word into its parts", () => {
  expect(splitPortWord("[::1]:8080-8081:80-81/Tcp")).toEqual({ address: "[::1]", host: "8080-8081", container: "80-81", protocol: "Tcp" });
  expect(splitPortWord("80")).toEqual({ address: "", host: "", container: "80", protocol: "" });
});
