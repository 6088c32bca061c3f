import { expect, it } from "vitest";
import { createBody } from "../../../../src/engine/docker-api/container-create.js";
import type { BindMountSpec } from "../../../../src/engine/engine.js";

const bind: BindMountSpec = { type: "bind", source: "/host/dir", target: "/x", createSource: true };
const hostConfigOf = (mount: BindMountSpec) =>
  createBody({ image: "busybox", mounts: [mount] }, [])["HostConfig"] as { Binds: readonly string[]; Mounts: readonly object[] };

it.each<[BindMountSpec, string]>([
  [bind, "/host/dir:/x:rw"],
  [{ ...bind, readonly: true, propagation: "rslave" }, "/host/dir:/x:ro,rslave"],
])("%j, whose source is to be made, is said in the way in which every daemon makes it", (mount, text) => {
  expect(hostConfigOf(mount)).toMatchObject({ Binds: [text], Mounts: [] });
});

it.each<BindMountSpec>([
  { ...bind, createSource: false },
  { ...bind, recursive: false },
  { ...bind, source: "/host/a:b" },
])("%j is said in full", (mount) => {
  expect(hostConfigOf(mount)).toMatchObject({ Binds: [], Mounts: [{ Type: "bind", Source: mount.source }] });
});
