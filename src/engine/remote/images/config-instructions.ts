/** An image's configuration as the instructions that `docker import --change` takes. Pure. */
import type { Healthcheck, ImageConfig } from "../../engine.js";
import { UnsupportedError } from "../../errors.js";

/** @throws UNSUPPORTED for what no instruction can say there */
export function configInstructions(config: ImageConfig): readonly string[] {
  if (config.shell !== undefined) throw new UnsupportedError("remote", "config.shell", "daemons take no SHELL when they import");
  const quotedPairs = (pairs: readonly (readonly [string, string])[], instruction: string): string[] =>
    pairs.map(([name, value]) => `${instruction} ${name}=${quoted(value, `config.${instruction.toLowerCase()}`)}`);
  return [
    ...quotedPairs(config.env.map(divided), "ENV"),
    ...quotedPairs(Object.entries(config.labels), "LABEL"),
    ...config.exposedPorts.map((port) => `EXPOSE ${port}`),
    ...(config.volumes.length > 0 ? [`VOLUME ${JSON.stringify(config.volumes)}`] : []),
    ...(config.user === "" ? [] : [`USER ${escaped(config.user)}`]),
    ...(config.workingDir === "" ? [] : [`WORKDIR ${escaped(config.workingDir)}`]),
    ...(config.stopSignal === undefined ? [] : [`STOPSIGNAL ${config.stopSignal}`]),
    ...(config.healthcheck === undefined ? [] : [healthcheckInstruction(config.healthcheck)]),
    ...config.onBuild.map((trigger) => `ONBUILD ${trigger}`),
    // The entrypoint first: it takes the command away.
    ...(config.entrypoint === undefined ? [] : [`ENTRYPOINT ${JSON.stringify(config.entrypoint)}`]),
    ...(config.command === undefined ? [] : [`CMD ${JSON.stringify(config.command)}`]),
  ];
}

function divided(variable: string): readonly [string, string] {
  const equals = variable.indexOf("=");
  return equals === -1 ? [variable, ""] : [variable.slice(0, equals), variable.slice(equals + 1)];
}

function escaped(text: string): string {
  return text.replace(/[\\$]/g, "\\$&");
}

function quoted(text: string, option: string): string {
  if (text.includes("\n")) throw new UnsupportedError("remote", option, "daemons take no line ends in a value when they import");
  return `"${text.replace(/[\\$"]/g, "\\$&")}"`;
}

function healthcheckInstruction({ test, intervalMs, timeoutMs, startPeriodMs, retries }: Healthcheck): string {
  const [form = "NONE", ...words] = test;
  if (form === "NONE") return "HEALTHCHECK NONE";
  const flags = [
    ...(intervalMs === undefined ? [] : [`--interval=${intervalMs}ms`]),
    ...(timeoutMs === undefined ? [] : [`--timeout=${timeoutMs}ms`]),
    ...(startPeriodMs === undefined ? [] : [`--start-period=${startPeriodMs}ms`]),
    ...(retries === undefined ? [] : [`--retries=${retries}`]),
  ];
  return ["HEALTHCHECK", ...flags, "CMD", form === "CMD-SHELL" ? words.join(" ") : JSON.stringify(words)].join(" ");
}
