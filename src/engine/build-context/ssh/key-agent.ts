/** An agent in this process that has a few keys and can sign with them, and nothing else (draft-miller-ssh-agent). */
import { Transform } from "node:stream";
import type { PrivateKey } from "./private-key.js";
import { piece, SshReader, uint32 } from "./wire.js";

const FAILURE = 5;
const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = 14;
/** Bytes of a message, as OpenSSH's agent has it. */
const MESSAGE_MAX = 256 << 10;
const LENGTH_BYTES = 4;

/** One connection to the agent: requests are written to it, answers read from it. */
export function keyAgent(keys: readonly PrivateKey[]): Transform {
  let pending: Buffer = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= LENGTH_BYTES) {
        const length = pending.readUInt32BE();
        if (length > MESSAGE_MAX) {
          next(new Error(`a message of ${length} bytes to an agent`));
          return;
        }
        const end = LENGTH_BYTES + length;
        if (pending.length < end) break;
        this.push(piece(answer(pending.subarray(LENGTH_BYTES, end), keys)));
        pending = pending.subarray(end);
      }
      next();
    },
  });
}

/** To anything that is none of the two requests it knows, it says that it failed. */
export function answer(message: Buffer, keys: readonly PrivateKey[]): Buffer {
  const failure = Buffer.from([FAILURE]);
  const request = new SshReader(message);
  try {
    const type = request.byte();
    if (type === REQUEST_IDENTITIES) {
      const names = keys.flatMap(({ blob, comment }) => [piece(blob), piece(comment)]);
      return Buffer.concat([Buffer.from([IDENTITIES_ANSWER]), uint32(keys.length), ...names]);
    }
    if (type !== SIGN_REQUEST) return failure;
    const blob = request.bytes();
    const data = request.bytes();
    const flags = request.uint32();
    const key = keys.find((candidate) => candidate.blob.equals(blob));
    return key ? Buffer.concat([Buffer.from([SIGN_RESPONSE]), piece(key.sign(data, flags))]) : failure;
  } catch {
    return failure;
  }
}
