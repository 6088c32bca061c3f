/** User names and passwords in URLs: used for what they are there for, and shown to nobody. Pure. */

export interface OpenUrl {
  /** Without credentials. */
  readonly url: URL;
  /** The header that stands for them (RFC 7617); undefined without any. */
  readonly authorization: string | undefined;
}

export function takeCredentials(given: URL): OpenUrl {
  const { username, password } = given;
  const url = new URL(given);
  url.username = "";
  url.password = "";
  if (username === "" && password === "") return { url, authorization: undefined };
  const pair = `${decoded(username)}:${decoded(password)}`;
  return { url, authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}

/** A percent sign that begins no escape stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Over HTTP a name alone can be a token; elsewhere (`ssh://git@host`) it is a name. */
const CREDENTIALS = /\b(https?:\/\/)[^\s/@"']+@|\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*):[^\s/@"']+@/gi;

/** A text about URLs, such as an instruction or a message, with `xxxxx` for what nobody is to read: as BuildKit shows them. */
export function withoutCredentials(text: string): string {
  return text.replace(CREDENTIALS, (_, http: string | undefined, named: string) => (http ? `${http}xxxxx@` : `${named}:xxxxx@`));
}
