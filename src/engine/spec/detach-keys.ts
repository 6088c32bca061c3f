/** Docker's detach keys: what is typed to leave a container's terminal without ending what runs there. */
import { Transform, type TransformCallback, type Writable } from "node:stream";
import { optionError } from "../errors.js";

const DEFAULT_KEYS = "ctrl-p,ctrl-q";
/** `ctrl-a` is 1, ..., `ctrl-_` is 31; `ctrl-@` is 0. */
const CONTROLS = "@abcdefghijklmnopqrstuvwxyz[\\]^_";

/** The bytes of `ctrl-p,ctrl-q` and its like; none for an empty text. @throws OPTION_INVALID */
export function parseDetachKeys(text: string = DEFAULT_KEYS): Buffer {
  if (text === "") return Buffer.alloc(0);
  return Buffer.concat(text.split(",").map((key) => Buffer.from(keyBytes(key, text))));
}

function keyBytes(key: string, text: string): string {
  const control = key.length === 6 && key.startsWith("ctrl-") ? CONTROLS.indexOf(key.slice(5).toLowerCase()) : -1;
  if (control >= 0) return String.fromCharCode(control);
  if ([...key].length === 1) return key;
  throw optionError("detachKeys", text, "keys separated by commas, each a character or `ctrl-` and one of a-z @ [ \\ ] ^ _");
}

/** Looks for the keys in what is typed. Keys that may be the beginning are held back until it is clear what they are. */
export class DetachWatcher {
  readonly #keys: Buffer;
  #held = 0;

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  /** @returns what is to be passed on; what follows the keys is dropped */
  feed(typed: Uint8Array): { readonly pass: Buffer; readonly detached: boolean } {
    const pass: Buffer[] = [];
    for (const byte of typed) {
      if (byte !== this.#keys[this.#held]) {
        pass.push(this.flush());
        if (byte !== this.#keys[0]) {
          pass.push(Buffer.of(byte));
          continue;
        }
      }
      this.#held++;
      if (this.#held === this.#keys.length) return { pass: Buffer.concat(pass), detached: true };
    }
    return { pass: Buffer.concat(pass), detached: false };
  }

  /** What is held back: no more is coming. */
  flush(): Buffer {
    const held = Buffer.from(this.#keys.subarray(0, this.#held));
    this.#held = 0;
    return held;
  }
}

/** A stream to type into, in front of `target`. After the keys it takes whatever comes and passes nothing on. */
export function detachable(target: Writable, keys: Buffer, onDetach: () => void): Writable {
  const watcher = new DetachWatcher(keys);
  let over = false;
  const filter = new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      if (over) return done();
      const { pass, detached } = watcher.feed(chunk);
      if (pass.length > 0) this.push(pass);
      if (detached) {
        over = true;
        this.push(null);
        onDetach();
      }
      done();
    },
    flush(done) {
      done(null, over ? undefined : watcher.flush());
    },
  });
  target.on("error", () => filter.destroy()).on("close", () => filter.destroy());
  filter.on("error", () => {});
  filter.pipe(target);
  return filter;
}
