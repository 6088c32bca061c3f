/** Answers that are a stream of JSON lines, the last of which may say that it failed after all. */
import { type ProgressLine, readJsonLines } from "../../docker-api/json-lines.js";
import type { DockerAnswer, DockerClient, DockerRequest } from "../docker-client.js";
import { apiFailure } from "../failures.js";

/** Where the line has no status of its own: the answer's head has said 200 before. */
const FAILED = 500;

/** @throws what {@link apiFailure} makes of an error among them, DAEMON_UNREACHABLE, ABORTED */
export async function* answerLines(client: DockerClient, answer: DockerAnswer, request: DockerRequest): AsyncGenerator<ProgressLine> {
  const lines = readJsonLines<ProgressLine>(answer.body);
  for (;;) {
    let line: ProgressLine;
    try {
      const next = await lines.next();
      if (next.done) return;
      line = next.value;
    } catch (error) {
      throw client.failure(error, request);
    }
    const message = line.errorDetail?.message ?? line.error;
    if (message !== undefined) throw apiFailure(request, statusOf(line.errorDetail?.code), message);
    yield line;
  }
}

/** A build puts exit codes there. */
function statusOf(code: number | undefined): number {
  return code !== undefined && code >= 400 && code < 600 ? code : FAILED;
}

/** A request's body whose own failure is told, and not the connection's that it ends. */
export class SourceBody {
  readonly #source: AsyncIterable<Uint8Array>;
  #failure: { readonly error: unknown } | undefined;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#source;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  /** @returns what the source threw, where it did, else `error` */
  blame(error: unknown): unknown {
    return this.#failure ? this.#failure.error : error;
  }
}
