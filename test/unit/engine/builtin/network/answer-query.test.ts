import * as dns from "dns-packet";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerQuery, type NameScope, nameErrorReply } from "../../../../../src/engine/builtin/network/answer-query.js";

const scopes: readonly NameScope[] = [
  {
    network: "front",
    members: [
      { names: ["web", "www"], ipv4: "10.0.0.2", ipv6: "fd00::2" },
      { names: ["web2", "www"], ipv4: "10.0.0.3", ipv6: undefined },
    ],
  },
  { network: "back", members: [{ names: ["db"], ipv4: "10.1.0.2", ipv6: undefined }] },
];

function query(name: string, type: dns.RecordType, flags = dns.RECURSION_DESIRED): Buffer {
  return dns.encode({ type: "query", id: 0x1234, flags, questions: [{ type, name }] });
}

function ask(name: string, type: dns.RecordType, turn = 0) {
  const verdict = answerQuery(query(name, type), scopes, () => turn);
  if (verdict.kind !== "reply") return verdict.kind;
  const reply = dns.decode(verdict.message) as dns.DecodedPacket & { readonly rcode: string };
  expect(reply).toMatchObject({ id: 0x1234, type: "response", flag_rd: true });
  return [reply.rcode, ...(reply.answers ?? []).map((answer) => ("data" in answer ? answer.data : undefined))];
}

describe("the name server of a container", () => {
  it.each([
    ["a name", "web", "A", ["NOERROR", "10.0.0.2"]],
    ["a name in capitals", "WeB", "A", ["NOERROR", "10.0.0.2"]],
    ["a name with its network", "web.front", "A", ["NOERROR", "10.0.0.2"]],
    ["a name with another network", "web.back", "A", "forward"],
    ["an alias of two", "www", "A", ["NOERROR", "10.0.0.2", "10.0.0.3"]],
    ["IPv6", "web", "AAAA", ["NOERROR", "fd00::2"]],
    ["IPv6 of one that has none: no such record, and nobody else is asked", "db", "AAAA", ["NOERROR"]],
    ["a record of another kind", "db", "MX", ["NOERROR"]],
    ["an address", "2.0.0.10.in-addr.arpa", "PTR", ["NOERROR", "web.front"]],
    ["an IPv6 address", `2.${"0.".repeat(28)}d.f.ip6.arpa`.replace("0.d.f", "0.0.d.f"), "PTR", ["NOERROR", "web.front"]],
    ["an address that nobody has", "9.0.0.10.in-addr.arpa", "PTR", "forward"],
    ["a name that nobody has", "example.com", "A", "forward"],
  ] as const)("is asked for %s", (_, name, type, expected) => {
    expect(ask(name, type)).toEqual(expected);
  });

  it("lets the containers of one alias take turns", () => {
    expect([0, 1, 2].map((turn) => ask("www", "A", turn)[1])).toEqual(["10.0.0.2", "10.0.0.3", "10.0.0.2"]);
  });

  it("drops what is no query, and says so of what it can't read", () => {
    const asked = (message: Buffer) => answerQuery(message, scopes, () => 0);
    expect(asked(Buffer.from("short")).kind).toBe("dropped");
    expect(asked(dns.encode({ type: "response", id: 1, questions: [{ type: "A", name: "web" }] })).kind).toBe("dropped");
    const looping = Buffer.concat([query("web", "A").subarray(0, 12), Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])]);
    const verdict = asked(looping);
    expect(verdict.kind === "reply" && dns.decode(verdict.message)).toMatchObject({ id: 0x1234, rcode: "FORMERR" });
  });

  it("survives any bytes, and answers with messages that can be read", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const verdict = answerQuery(Buffer.from(bytes), scopes, () => 0);
        if (verdict.kind === "reply") dns.decode(verdict.message);
      }),
      { numRuns: 2000 },
    );
  });

  it("repeats the question where it says that there is no such name", () => {
    expect(dns.decode(nameErrorReply(query("no.such", "A")))).toMatchObject({
      rcode: "NXDOMAIN",
      questions: [{ name: "no.such", type: "A" }],
      answers: [],
    });
  });
});
