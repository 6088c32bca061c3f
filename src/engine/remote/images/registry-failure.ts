/** What registries said to the daemon, by its words, as the errors that the built-in engine throws. Pure. */
import { CaissonError } from "../../errors.js";

export interface RegistryFacts {
  /** Host of the registry. */
  readonly registry: string;
  readonly reference: string;
  /** Where credentials were looked for. */
  readonly credentials: string;
}

type Answer = (facts: RegistryFacts, message: string, evidence: readonly string[]) => CaissonError;

const unauthorized =
  (status: number): Answer =>
  ({ registry, reference, credentials }, _message, evidence) =>
    new CaissonError("REGISTRY_UNAUTHORIZED", `${registry} refuses access to ${reference}`, {
      facts: { registry, status, credentials },
      evidence: [...evidence, `credentials: ${credentials}`],
      remedy:
        "Check the name: registries answer the same for a repository that doesn't exist. If it is private, log in with `caisson login` or `docker login`.",
    });

const notFound: Answer = ({ registry, reference }, _message, evidence) =>
  new CaissonError("IMAGE_NOT_FOUND", `${registry} has no ${reference}`, { facts: { reference, registry }, evidence });

const unreachable: Answer = ({ registry, reference }, _message, evidence) =>
  new CaissonError("REGISTRY_UNREACHABLE", `The daemon can't reach ${registry} for ${reference}`, {
    facts: { registry, attempts: 1 },
    evidence,
    remedy: "The daemon asks registries by itself: check its network, its proxy settings and its list of insecure registries.",
  });

/** In this order: what is said first about a request that failed in more than one way counts. */
const ANSWERS: readonly (readonly [RegExp, Answer])[] = [
  [
    /toomanyrequests|too many requests|status: 429/i,
    ({ registry, reference }, _message, evidence) =>
      new CaissonError("REGISTRY_RATE_LIMITED", `${registry} limits the rate of requests for ${reference}`, {
        facts: { registry, retryAfterMs: undefined },
        evidence,
        remedy: "Log in to the registry, or give the daemon a mirror (registry-mirrors).",
      }),
  ],
  [
    /no basic auth credentials|unauthorized|authentication required|status: 401|invalid username\/password|incorrect username|\(401\)/i,
    unauthorized(401),
  ],
  [/pull access denied|requested access to the resource is denied|\bdenied:|status: 403|\(403\)/i, unauthorized(403)],
  [
    /manifest for \S+ not found|manifest unknown|name unknown|repository \S+ not found|resolve reference \S+: \S+: not found|status: 404/i,
    notFound,
  ],
  [
    /no matching manifest for|does not match the specified platform|no image found in (?:image index|manifest list) for architecture|no match for platform/i,
    ({ reference }, message, evidence) => {
      const platform =
        /(?:manifest for|wanted|platform) (\w+\/[\w/]+)/i.exec(message)?.[1] ?? /architecture "?(\w+)/i.exec(message)?.[1] ?? "";
      const actual = /actual: (\S+)/i.exec(message)?.[1]?.replace(/,$/, "");
      return new CaissonError("IMAGE_PLATFORM_MISSING", `${reference} has no image for ${platform || "this platform"}`, {
        facts: { reference, platform, available: actual === undefined ? [] : [actual] },
        evidence,
        remedy: "choose a tag that was built for this platform, or build the image here",
      });
    },
  ],
  [
    /verification failed for digest|does not match (?:the )?(?:expected )?digest|digest verification failed|Digest did not match|layers from manifest don't match/i,
    ({ reference }, message, evidence) => {
      const [expected = "", actual = ""] = message.match(/sha256:[0-9a-f]{64}/g) ?? [];
      return new CaissonError("DIGEST_MISMATCH", `What the daemon got of ${reference} is not what was promised`, {
        facts: { what: reference, expected, actual },
        evidence,
      });
    },
  ],
  [
    /dial tcp|connection refused|no such host|i\/o timeout|context deadline exceeded|TLS handshake|server gave HTTP response to HTTPS client|x509:|connection reset|unexpected EOF|proxyconnect|: EOF$|Client\.Timeout|can't be reached for/i,
    unreachable,
  ],
  [
    /unexpected (?:HTTP )?status|blob unknown|unknown blob|unsupported (?:schema|manifest)|error parsing HTTP|invalid status code/i,
    ({ registry, reference }, message, evidence) => {
      const status = Number(/(?:status(?: code)?:?|HTTP status:) (?:\S+ )?(\d{3})/i.exec(message)?.[1]) || undefined;
      return new CaissonError("REGISTRY_ERROR", `${registry} does not serve ${reference} as it should`, {
        facts: { registry, status },
        evidence,
      });
    },
  ],
];

/** Undefined for words that are about something else. */
export function registryFailure(message: string, facts: RegistryFacts): CaissonError | undefined {
  const [, answer] = ANSWERS.find(([pattern]) => pattern.test(message)) ?? [];
  return answer?.(facts, message, [`The daemon: ${message}`]);
}
