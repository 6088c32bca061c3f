/** Answers registries' challenges: basic credentials, or a bearer token from the realm that the challenge names. */
import type { RegistryAuth } from "../../../engine.js";
import type { HttpClient } from "../../../oci/http-client.js";
import { type Challenge, parseChallenges } from "./challenge.js";

/** The specification's default life of a token. */
const TOKEN_LIFE_S = 60;
/** A token this close to its end is as good as expired. */
const MARGIN_MS = 5_000;

interface Token {
  readonly value: string;
  readonly expires: number;
}

export interface AuthenticatorOptions {
  readonly http: HttpClient;
  readonly auth: RegistryAuth | undefined;
  readonly insecure: boolean;
}

/** A realm refused to give a token. */
export class TokenRefused extends Error {
  constructor(
    readonly status: number,
    realm: string,
    body: string,
  ) {
    super(`${realm} answered ${status}${body ? `: ${body}` : ""}`);
  }
}

export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #tokens = new Map<string, Promise<Token>>();
  /** What the registry asked for last: later requests bring it along unasked. */
  #challenge: Challenge | undefined;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** The `Authorization` for a request, as far as is known what the registry wants. */
  async header(scope: string, signal?: AbortSignal): Promise<string | undefined> {
    const { auth } = this.#options;
    if (!this.#challenge) return undefined;
    if (this.#challenge.scheme === "basic") return basic(auth);
    return `Bearer ${(await this.#token(this.#challenge, scope, signal)).value}`;
  }

  /** Takes note of a 401. Return: false when nothing is left to try. */
  answer(wwwAuthenticate: string | undefined, scope: string): boolean {
    const challenges = parseChallenges(wwwAuthenticate ?? "");
    const bearer = challenges.find(({ scheme, parameters }) => scheme === "bearer" && parameters["realm"]);
    const chosen = bearer ?? (this.#options.auth?.username === undefined ? undefined : challenges.find(({ scheme }) => scheme === "basic"));
    if (!chosen) return false;
    this.#challenge = chosen;
    if (bearer) this.#tokens.delete(tokenKey(bearer, scope));
    return true;
  }

  async #token(challenge: Challenge, scope: string, signal: AbortSignal | undefined): Promise<Token> {
    const key = tokenKey(challenge, scope);
    const known = await this.#tokens.get(key)?.catch(() => undefined);
    if (known && known.expires > Date.now() + MARGIN_MS) return known;
    const token = this.#fetchToken(challenge, scope, signal);
    this.#tokens.set(key, token);
    token.catch(() => this.#tokens.delete(key));
    return token;
  }

  async #fetchToken({ parameters }: Challenge, scope: string, signal: AbortSignal | undefined): Promise<Token> {
    const { http, auth, insecure } = this.#options;
    const realm = parameters["realm"] ?? "";
    const service = parameters["service"];
    const query = new URLSearchParams({ ...(service ? { service } : {}), scope });
    const request = auth?.identityToken
      ? ({
          method: "POST",
          url: realm,
          headers: { "content-type": "application/x-www-form-urlencoded" },
          body: `${query}&${new URLSearchParams({ grant_type: "refresh_token", client_id: "caisson", refresh_token: auth.identityToken })}`,
        } as const)
      : ({
          method: "GET",
          url: `${realm}${realm.includes("?") ? "&" : "?"}${query}`,
          headers: auth?.username === undefined ? {} : { authorization: basic(auth) ?? "" },
        } as const);
    const response = await http.request({ ...request, insecure, signal });
    const text = await response.body.text();
    if (response.status !== 200) throw new TokenRefused(response.status, realm, text.slice(0, 500));
    const answer = parseAnswer(text);
    const value = answer?.token ?? answer?.access_token;
    if (!value) throw new TokenRefused(response.status, realm, "an answer without a token");
    return { value, expires: Date.now() + (answer?.expires_in ?? TOKEN_LIFE_S) * 1000 };
  }
}

/** Without the parser's words where it is no JSON: they quote what may be a token. */
function parseAnswer(text: string): { token?: string; access_token?: string; expires_in?: number } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tokenKey({ parameters }: Challenge, scope: string): string {
  return `${parameters["realm"]} ${parameters["service"]} ${scope}`;
}

function basic(auth: RegistryAuth | undefined): string | undefined {
  if (auth?.username === undefined) return undefined;
  return `Basic ${Buffer.from(`${auth.username}:${auth.password ?? ""}`).toString("base64")}`;
}
