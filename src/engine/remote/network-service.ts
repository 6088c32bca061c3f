/** The daemon's networks: the contract's NetworkService over the Docker Engine API. */
import type { NetworkService } from "../engine.js";
import { UnsupportedError } from "../errors.js";
import type { DockerClient } from "./docker-client.js";
import type { RemoteSession } from "./lifetime/remote-session.js";

export interface RemoteNetworksOptions {
  readonly client: DockerClient;
  readonly session: RemoteSession;
}

export class RemoteNetworks implements NetworkService {
  readonly #client: DockerClient;

  constructor({ client }: RemoteNetworksOptions) {
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

  connect(): never {
    throw new UnsupportedError("remote", "connect", "it is not written yet");
  }

  disconnect(): never {
    throw new UnsupportedError("remote", "disconnect", "it is not written yet");
  }
}
