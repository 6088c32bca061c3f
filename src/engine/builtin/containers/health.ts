/** Connects a container's health check to the monitor: how to probe, where to show the state, whom to tell. */
import { finished } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { ExecProcess, ExecSpec } from "../../engine.js";
import type { EventBus } from "../../event-bus.js";
import { monitorHealth } from "../health/health-monitor.js";
import type { ContainerRecord } from "./container-record.js";
import { effectiveHealthcheck } from "./inspect.js";

/** Docker keeps as much of a probe's output. */
const OUTPUT_MAX = 4096;
const OUTPUT_GRACE_MS = 500;

/** Starts the checks of a container that runs; after a pause they go on where they were. Returns what ends them. */
export function watchHealth(
  record: ContainerRecord,
  exec: (spec: ExecSpec) => Promise<ExecProcess>,
  events: EventBus,
): (() => void) | undefined {
  const healthcheck = effectiveHealthcheck(record);
  if (!healthcheck) return undefined;
  const shell = record.image.inspect.config.shell ?? ["/bin/sh", "-c"];
  return monitorHealth({
    healthcheck,
    initial: record.health,
    probe: async (test, timeoutMs) => {
      const command = test[0] === "CMD-SHELL" ? [...shell, ...test.slice(1)] : test.slice(1);
      const signal = AbortSignal.timeout(timeoutMs);
      const result = await runProbe(await exec({ command, signal }));
      return signal.aborted
        ? { exitCode: -1, output: `The probe took longer than ${timeoutMs} ms and was killed\n${result.output}` }
        : result;
    },
    onState: (state) => {
      const before = record.health?.status ?? "starting";
      record.health = state;
      if (before !== state.status) events.emit("container", `health_status: ${state.status}`, record.id, record.attributes);
    },
  });
}

async function runProbe(process: ExecProcess): Promise<{ exitCode: number; output: string }> {
  let output = "";
  const streams = [process.stdout, process.stderr];
  for (const stream of streams) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      if (output.length < OUTPUT_MAX) output = (output + text).slice(0, OUTPUT_MAX);
    });
  }
  const ended = Promise.allSettled(streams.map((stream) => finished(stream, { writable: false })));
  const { exitCode } = await process.exit;
  // The last words may still be on their way. Not for long: what the probe left running may hold its output open.
  await Promise.race([ended, delay(OUTPUT_GRACE_MS, undefined, { ref: false })]);
  return { exitCode, output };
}
