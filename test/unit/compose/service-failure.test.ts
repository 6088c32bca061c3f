/** Whose container it was that failed. */
import { expect, it } from "vitest";
import { namingService } from "../../../src/compose/run/service-failure.js";
import { abortError, CaissonError } from "../../../src/engine/errors.js";

const id = "0123456789abcdef".repeat(4);
const failing = (error: unknown): Promise<unknown> =>
  namingService({ service: "web", name: "shop-web-1", id }, () => Promise.reject(error)).catch((reason: unknown) => reason);

it("names service and container in front of what failed, and keeps its code, facts, evidence, remedy and the error itself", async () => {
  const facts = { hostIp: "127.0.0.1", hostPort: 80 };
  const cause = new CaissonError("PORT_IN_USE", `Could not start ${id}`, { facts, evidence: ["seen"], remedy: "another" });
  const error = await failing(cause);
  expect(error).toBeInstanceOf(CaissonError);
  expect(error).toMatchObject({
    code: "PORT_IN_USE",
    summary: "The service web (container shop-web-1): Could not start shop-web-1",
    message: "The service web (container shop-web-1): Could not start shop-web-1\nseen\nRemedy: another",
    facts,
    cause,
  });
});

it("lets be what no service is the reason of", async () => {
  for (const error of [new Error("a bug"), abortError("Starting", AbortSignal.abort())]) expect(await failing(error)).toBe(error);
  expect(await namingService({ service: "web", name: "shop-web-1" }, () => Promise.resolve(1))).toBe(1);
});
