/** The daemon's volumes: the contract's VolumeService over the Docker Engine API. */
import type { VolumeService } from "../engine.js";
import { UnsupportedError } from "../errors.js";
import type { DockerClient } from "./docker-client.js";
import type { RemoteSession } from "./lifetime/remote-session.js";

export interface RemoteVolumesOptions {
  readonly client: DockerClient;
  readonly session: RemoteSession;
}

export class RemoteVolumes implements VolumeService {
  readonly #client: DockerClient;

  constructor({ client }: RemoteVolumesOptions) {
    this.#client = client;
  }

  create(): never {
    throw new UnsupportedError("remote", "create", "it is not written yet");
  }

  inspect(): never {
    throw new UnsupportedError("remote", "inspect", "it is not written yet");
  }

  list(): never {
    throw new UnsupportedError("remote", "list", "it is not written yet");
  }

  remove(): never {
    throw new UnsupportedError("remote", "remove", "it is not written yet");
  }

  prune(): never {
    throw new UnsupportedError("remote", "prune", "it is not written yet");
  }
}
