/** `healthcheck` of a service. Without a test it changes times of the image's own. */
import type { Field } from "./field.js";
import type { ServiceHealthcheck } from "./project.js";

type Draft = { -readonly [K in keyof ServiceHealthcheck]: ServiceHealthcheck[K] };

export function readHealthcheck(field: Field): ServiceHealthcheck | "none" | undefined {
  const check: Draft = {};
  let disabled = false;
  field.keys({
    test: (each) => {
      const test = each.kind === "scalar" ? ["CMD-SHELL", each.text() ?? ""] : each.texts();
      if (test.length === 1 && test[0] === "NONE") disabled = true;
      else if (test[0] === "CMD" || test[0] === "CMD-SHELL") check.test = test;
      else each.problem(`expected a command line, or a list that begins with CMD, CMD-SHELL or NONE, not with ${JSON.stringify(test[0])}`);
    },
    interval: (each) => {
      check.intervalMs = each.duration();
    },
    timeout: (each) => {
      check.timeoutMs = each.duration();
    },
    retries: (each) => {
      check.retries = each.integer(0);
    },
    start_period: (each) => {
      check.startPeriodMs = each.duration();
    },
    start_interval: (each) => {
      check.startIntervalMs = each.duration();
    },
    disable: (each) => {
      disabled = each.boolean() ?? false;
    },
  });
  if (disabled) return "none";
  return Object.values(check).some((value) => value !== undefined) ? check : undefined;
}
