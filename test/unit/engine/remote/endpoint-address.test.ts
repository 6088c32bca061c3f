import { expect, it } from "vitest";
import { checkEndpointAddress } from "../../../../src/engine/remote/endpoint-address.js";

const network = { Id: "1", Name: "net", IPAM: { Config: [{ Subnet: "172.18.0.0/16", Gateway: "172.18.0.1" }] } };

it.each([{}, { ipv4Address: "172.18.4.4" }])("%j is of the network", (endpoint) => {
  expect(() => checkEndpointAddress(network, endpoint)).not.toThrow();
});

it.each([{ ipv4Address: "10.1.1.1" }, { ipv4Address: "172.18.255.255" }, { ipv6Address: "fd00::2" }])("%j is not", (endpoint) => {
  expect(() => checkEndpointAddress(network, endpoint)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
});
