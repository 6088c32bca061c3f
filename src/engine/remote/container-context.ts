/** What work on containers takes. */
import type { ImageService } from "../engine.js";
import type { DockerClient } from "./docker-client.js";
import type { EventStream } from "./event-stream.js";

export interface ContainerContext {
  readonly client: DockerClient;
  readonly events: EventStream;
  readonly images: Pick<ImageService, "inspect">;
  /** Where published ports are reached. */
  readonly host: string;
}
