/** Credentials for a registry: part of engine.ts, which everybody imports. */
export interface RegistryAuth {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** OAuth2 refresh token, instead of user name and password. */
  readonly identityToken?: string | undefined;
}
