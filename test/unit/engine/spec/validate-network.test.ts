import { expect, it } from "vitest";
import type { EndpointSpec, SubnetSpec } from "../../../../src/engine/engine.js";
import { validateEndpoint, validateNetwork } from "../../../../src/engine/spec/validate-network.js";

const refusal = (option: string) => expect.objectContaining({ code: "OPTION_INVALID", facts: expect.objectContaining({ option }) });

it.each<readonly SubnetSpec[][]>([
  [[{ subnet: "10.9.0.0/30" }]],
  [[{ subnet: "10.9.0.0/24", gateway: "10.9.0.254", ipRange: "10.9.0.128/25" }]],
  [[{ subnet: "fd00:1::/64" }, { subnet: "10.9.0.0/24" }]],
])("%j is fine", (subnets) => {
  expect(() => validateNetwork({ subnets })).not.toThrow();
});

it.each<[SubnetSpec[], string]>([
  [[{ subnet: "10.9.4.0" }], "subnets.subnet"],
  [[{ subnet: "10.9.4.1/24" }], "subnets.subnet"],
  [[{ subnet: "10.9.4.0/31" }], "subnets.subnet"],
  [[{ subnet: "fd00::1/64" }], "subnets.subnet"],
  [[{ subnet: 10 as unknown as string }], "subnets.subnet"],
  [[{ subnet: "10.9.4.0/24", gateway: "10.9.4.0" }], "subnets.gateway"],
  [[{ subnet: "10.9.4.0/24", gateway: "10.9.4.255" }], "subnets.gateway"],
  [[{ subnet: "10.9.4.0/24", gateway: "fd00::1" }], "subnets.gateway"],
  [[{ subnet: "10.9.4.0/24", ipRange: "10.9.0.0/16" }], "subnets.ipRange"],
  [[{ subnet: "10.9.4.0/24" }, { subnet: "10.9.5.0/24" }], "subnets"],
])("%j are refused", (subnets, option) => {
  expect(() => validateNetwork({ subnets })).toThrow(refusal(option));
});

it.each<[EndpointSpec, string]>([
  [{ ipv4Address: "fd00::1" }, "ipAddress"],
  [{ ipv6Address: "10.1.1.1" }, "ipAddress"],
  [{ ipv4Address: "nonsense" }, "ipAddress"],
  [{ macAddress: "01:00:00:00:00:00" }, "macAddress"],
  [{ aliases: ["a b"] }, "aliases"],
])("the endpoint %j is refused", (endpoint, option) => {
  expect(() => validateEndpoint(endpoint)).toThrow(refusal(option));
});
