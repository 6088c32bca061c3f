/** Answers the DNS queries of the session's containers: names of their networks here, all others elsewhere. */
import { answerQuery, type NameScope, nameErrorReply, serverFailureReply } from "../../network/answer-query.js";
import type { Fields } from "../../supervisor/codec.js";
import { Message, Tag } from "../../supervisor/protocol.js";
import type { ContainerRecord } from "../container-record.js";
import { dnsNames } from "../networks/network-record.js";
import type { Session } from "../session.js";
import { forwardQuery } from "./forward-query.js";

/** Forwarded queries under way at once; more are refused at once instead of late. */
const FORWARDS_MAX = 2000;

export class NameServer {
  readonly #session: Session;
  readonly #container: (id: string) => ContainerRecord | undefined;
  #turn = 0;
  #forwards = 0;

  /** Begins at once. @param container by id */
  constructor(session: Session, container: (id: string) => ContainerRecord | undefined) {
    this.#session = session;
    this.#container = container;
    session.supervisor.on("nameQuery", (fields) => this.#query(fields));
  }

  #query(fields: Fields): void {
    const record = this.#container(fields.text(Tag.ID) ?? "");
    const query = fields.bytes(Tag.DATA);
    if (!record || !query) return;
    const verdict = answerQuery(query, scopesOf(record), () => this.#turn++);
    if (verdict.kind === "reply") this.#reply(fields, verdict.message);
    else if (verdict.kind === "forward") void this.#forward(record, fields, Buffer.from(query));
  }

  async #forward(record: ContainerRecord, fields: Fields, query: Buffer): Promise<void> {
    const servers = upstreamOf(record, this.#session.host.network().resolvConf);
    if (servers.length === 0) return this.#reply(fields, nameErrorReply(query));
    if (this.#forwards >= FORWARDS_MAX) return this.#reply(fields, serverFailureReply(query));
    this.#forwards++;
    try {
      const stream = fields.bytes(Tag.TOKEN_OUT) !== undefined;
      const answer = await forwardQuery(
        query,
        servers.map((address) => ({ address })),
        stream,
      );
      this.#reply(fields, answer ?? serverFailureReply(query));
    } finally {
      this.#forwards--;
    }
  }

  #reply(query: Fields, message: Buffer): void {
    this.#session.supervisor
      .request(
        Message.NAME_REPLY,
        (writer) => {
          writer.text(Tag.ID, query.text(Tag.ID) ?? "").bytes(Tag.DATA, message);
          for (const tag of [Tag.ADDRESS, Tag.PORT, Tag.TOKEN_OUT]) {
            const value = query.bytes(tag);
            if (value) writer.bytes(tag, value);
          }
        },
        { background: true },
      )
      .catch(() => {}); // whoever asked went with the supervisor
  }
}

/** What a container can name: the members of its networks and of no other. */
function scopesOf(record: ContainerRecord): NameScope[] {
  return [...record.endpoints.values()].map(({ network }) => ({
    network: network.name,
    members: [...network.members]
      .filter(([member]) => member.running || member.starting)
      .map(([member, endpoint]) => ({ names: dnsNames(member, endpoint), ipv4: endpoint.ipv4.address, ipv6: endpoint.ipv6?.address })),
  }));
}

/** Whom to ask for other names: nobody where there is no way out. */
function upstreamOf(record: ContainerRecord, hostResolvConf: string): readonly string[] {
  const { dns } = record.spec;
  if (dns && dns.length > 0) return dns;
  const inside = record.endpoints.size > 0 && !record.address && [...record.endpoints.values()].every(({ network }) => network.internal);
  if (inside) return [];
  return hostResolvConf.split("\n").flatMap((line) => /^nameserver\s+([0-9a-fA-F.:]+)/.exec(line)?.[1] ?? []);
}
