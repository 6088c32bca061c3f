/** What happens at the daemon: one connection for everybody who listens from now on. */
import type { EngineEvent, EventsOptions } from "../engine.js";
import { UnsupportedError } from "../errors.js";
import type { DockerClient } from "./docker-client.js";

export class EventStream {
  constructor(readonly client: DockerClient) {}

  subscribe(_options: EventsOptions): AsyncIterable<EngineEvent> {
    throw new UnsupportedError("remote", "events", "they are not written yet");
  }

  close(): void {}
}
