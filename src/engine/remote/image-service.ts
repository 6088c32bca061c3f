/** The daemon's images: the contract's ImageService over the Docker Engine API. */
import type { ImageService } from "../engine.js";
import { UnsupportedError } from "../errors.js";
import type { DockerClient } from "./docker-client.js";

export interface RemoteImagesOptions {
  readonly client: DockerClient;
}

export class RemoteImages implements ImageService {
  readonly #client: DockerClient;

  constructor({ client }: RemoteImagesOptions) {
    this.#client = client;
  }

  pull(): never {
    throw new UnsupportedError("remote", "pull", "it is not written yet");
  }

  push(): never {
    throw new UnsupportedError("remote", "push", "it is not written yet");
  }

  load(): never {
    throw new UnsupportedError("remote", "load", "it is not written yet");
  }

  save(): never {
    throw new UnsupportedError("remote", "save", "it is not written yet");
  }

  import(): never {
    throw new UnsupportedError("remote", "import", "it is not written yet");
  }

  build(): never {
    throw new UnsupportedError("remote", "build", "it is not written yet");
  }

  prune(): never {
    throw new UnsupportedError("remote", "prune", "it is not written yet");
  }

  checkBuild(): never {
    throw new UnsupportedError("remote", "checkBuild", "it is not written yet");
  }

  pruneBuilds(): never {
    throw new UnsupportedError("remote", "pruneBuilds", "it is not written yet");
  }

  tag(): never {
    throw new UnsupportedError("remote", "tag", "it is not written yet");
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
}
