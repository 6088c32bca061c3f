import { describe, expect, it } from "vitest";
import { Router } from "../../../../src/engine/server/router.js";

const first = async (): Promise<void> => {};
const second = async (): Promise<void> => {};
const router = new Router([
  ["GET", "/images/json", first],
  ["GET", "/images/{name*}/json", second],
  ["POST", "/containers/{id}/start", first],
]);

describe("the router", () => {
  it("takes names with slashes, versions, and the first route that fits", () => {
    expect(router.match("GET", "/v1.41/images/json")).toMatchObject({ handler: first, version: 41 });
    expect(router.match("GET", "/images/host:5000/a%2Fb/c/json")).toMatchObject({
      handler: second,
      parameters: { name: "host:5000/a/b/c" },
    });
    expect(router.match("POST", "/v1.51/containers/x/start").version).toBe(51);
  });

  it.each([
    ["GET", "/containers/x/start", 404],
    ["POST", "/containers/a/b/start", 404],
    ["POST", "/v1.23/containers/x/start", 400],
    ["POST", "/v2.0/containers/x/start", 400],
    ["POST", "/containers/%E0%A4%A/start", 400],
    ["POST", "containers", 404],
  ])("%s %s is refused with %i", (method, path, status) => {
    expect(() => router.match(method, path)).toThrow(expect.objectContaining({ status }));
  });
});
