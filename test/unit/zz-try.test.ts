import { it } from "vitest";
it("x", async () => { await import("/tmp/uplink-proto/net.mjs"); }, 60000);
