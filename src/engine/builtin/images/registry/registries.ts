/** From a reference to the repositories that may have it, nearest first. */
import type { FoundCredentials } from "../../../docker-config/credentials.js";
import type { RegistryAuth } from "../../../engine.js";
import { HttpClient } from "../../../oci/http-client.js";
import { isOffline } from "../../../oci/offline.js";
import { familiarName, type ImageReference } from "../../../oci/reference.js";
import { endpointsOf, searchEndpointOf } from "./endpoints.js";
import type { Repository } from "./repository.js";

/** Tokens are for a repository; which one doesn't matter where none is asked for anything. */
const LOGIN_PATH = "library/login";

export class Registries {
  readonly #environment: NodeJS.ProcessEnv;
  /** With the proxies and limits that registries are asked with. */
  readonly http: HttpClient;

  constructor(environment: NodeJS.ProcessEnv) {
    this.#environment = environment;
    this.http = new HttpClient(environment);
  }

  /** CAISSON_OFFLINE: no registry is ever asked. */
  get offline(): boolean {
    return isOffline(this.#environment);
  }

  /** Mirrors first; never empty. @throws OPTION_INVALID, REGISTRY_ERROR */
  async forPull(reference: ImageReference, auth?: RegistryAuth): Promise<readonly Repository[]> {
    return this.#repositories(reference, auth, "pull");
  }

  /** @throws OPTION_INVALID, REGISTRY_ERROR */
  async forPush(reference: ImageReference, auth?: RegistryAuth): Promise<Repository> {
    return (await this.#repositories(reference, auth, "pull,push")).at(-1)!;
  }

  /** The registry as a whole. @param term for messages. @throws OPTION_INVALID, REGISTRY_ERROR */
  async forSearch(domain: string, term: string, auth?: RegistryAuth): Promise<Repository> {
    const { findCredentials, Repository } = await loaded();
    return new Repository({
      http: this.http,
      endpoint: searchEndpointOf(domain, this.#environment),
      path: "",
      reference: term,
      credentials: auth ? given(auth) : await findCredentials(domain, this.#environment),
      access: "pull",
      scope: "registry:catalog:*",
    });
  }

  /** @throws REGISTRY_UNAUTHORIZED, REGISTRY_UNREACHABLE, REGISTRY_ERROR, ABORTED */
  async login(registry: string, auth: RegistryAuth, signal: AbortSignal | undefined): Promise<void> {
    // The last one is the registry itself, and no mirror.
    const endpoint = endpointsOf(registry, this.#environment).at(-1)!;
    const credentials = given(auth);
    const { Repository } = await loaded();
    const repository = new Repository({ http: this.http, endpoint, path: LOGIN_PATH, reference: registry, credentials, access: "pull" });
    const { body } = await repository.send({ method: "GET", to: "/v2/", what: "login", expect: [200], signal });
    await body.dump();
  }

  async close(): Promise<void> {
    await this.http.close();
  }

  async #repositories(reference: ImageReference, auth: RegistryAuth | undefined, access: "pull" | "pull,push"): Promise<Repository[]> {
    const { findCredentials, Repository } = await loaded();
    const endpoints = endpointsOf(reference.domain, this.#environment);
    return Promise.all(
      endpoints.map(async (endpoint) => {
        const { host } = new URL(endpoint.url);
        const domain = endpoint.mirror ? host : reference.domain;
        const credentials = auth && !endpoint.mirror ? given(auth) : await findCredentials(domain, this.#environment);
        return new Repository({
          http: this.http,
          endpoint,
          path: reference.path,
          reference: familiarName(reference),
          credentials,
          access,
        });
      }),
    );
  }
}

/** Most processes ask no registry. */
async function loaded() {
  const [credentials, repository] = await Promise.all([import("../../../docker-config/credentials.js"), import("./repository.js")]);
  return { ...credentials, ...repository };
}

function given(auth: RegistryAuth): FoundCredentials {
  return { auth, source: "given with the call" };
}
