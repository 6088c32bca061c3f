/** Ports as users write them, to the contract's terms. Pure. */
import type { PortBinding } from "../engine/engine.js";
import { optionError } from "../engine/errors.js";
import type { ExposedPort } from "./container-options.js";

/** @throws OPTION_INVALID */
export function parsePort(port: ExposedPort): PortBinding {
  if (typeof port === "object" && port !== null) {
    const { container, host, protocol = "tcp" } = port;
    return {
      containerPort: checkPort(container, port),
      protocol: checkProtocol(protocol, port),
      ...(host === undefined ? {} : { hostPort: checkPort(host, port) }),
    };
  }
  const [, number, protocol = "tcp"] = /^(\d+)(?:\/(\w+))?$/.exec(String(port)) ?? [];
  return { containerPort: checkPort(Number(number), port), protocol: checkProtocol(protocol, port) };
}

function checkPort(number: number, given: ExposedPort): number {
  if (Number.isInteger(number) && number >= 1 && number <= 65_535) return number;
  throw optionError("port", given, "a number from 1 to 65535, also with a protocol as in 53/udp");
}

function checkProtocol(protocol: string, given: ExposedPort): "tcp" | "udp" {
  if (protocol === "tcp" || protocol === "udp") return protocol;
  throw optionError("protocol", given, "a port's protocol", ["tcp", "udp"]);
}
