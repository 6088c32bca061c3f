/** Passing DNS queries on to other name servers, byte by byte: what they say is not ours to understand. */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";

/** One try at one server, in ms. Resolvers in containers give up after 5 s, and should hear of a failure before. */
const TRY_MS = 2000;
const TRIES = 2;
const PORT = 53;

export interface NameServerAddress {
  readonly address: string;
  readonly port?: number | undefined;
}

/** Undefined when no server answers. */
export async function forwardQuery(query: Buffer, servers: readonly NameServerAddress[], stream: boolean): Promise<Buffer | undefined> {
  const ask = stream ? askByStream : askByDatagram;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    for (const server of servers) {
      const answer = await ask(query, server).catch(() => undefined);
      if (answer) return answer;
    }
  }
  return undefined;
}

/** From a port of its own and under an id of its own, which nobody in the container can know (RFC 5452). */
function askByDatagram(query: Buffer, { address, port = PORT }: NameServerAddress): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const id = randomInt(0x1_0000);
    const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.close();
      settle();
    };
    const timer = setTimeout(() => end(() => reject(new Error("no answer"))), TRY_MS);
    timer.unref();
    socket.unref();
    socket.once("error", (error) => end(() => reject(error)));
    socket.on("message", (message) => {
      if (message.length < 12 || message.readUInt16BE(0) !== id) return;
      end(() => resolve(withId(message, query.readUInt16BE(0))));
    });
    // Connected, so that a server which is not there is known at once, and only its answers are taken.
    // No callback: it would be called with the error as well, where no way leads there, and the listeners of `error` would not.
    socket.once("connect", () => socket.send(withId(query, id)));
    socket.connect(port, address);
  });
}

function askByStream(query: Buffer, { address, port = PORT }: NameServerAddress): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, timeout: TRY_MS });
    const received: Buffer[] = [];
    socket.unref();
    socket.once("connect", () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.length);
      socket.write(Buffer.concat([length, query]));
    });
    socket.on("data", (chunk) => {
      received.push(chunk);
      const bytes = Buffer.concat(received);
      if (bytes.length < 2 || bytes.length < 2 + bytes.readUInt16BE(0)) return;
      socket.destroy();
      resolve(bytes.subarray(2, 2 + bytes.readUInt16BE(0)));
    });
    socket.once("timeout", () => socket.destroy(new Error("no answer")));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed without an answer")));
  });
}

function withId(message: Buffer, id: number): Buffer {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(id, 0);
  return copy;
}
