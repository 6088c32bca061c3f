/** Every place where a daemon may be, in the order in which they are tried. Pure: reading and connecting is done around it. */
import path from "node:path";
import type { DaemonCandidate, DaemonStep, TlsPaths } from "./daemon-step.js";
import type { ContextEndpoint } from "./docker-context.js";
import { type UserFacts, wellKnownSockets } from "./well-known-sockets.js";

export interface DetectionFacts extends UserFacts {
  /** What the caller of `openEngine` said. */
  readonly host?: string | undefined;
  /** The context that DOCKER_CONTEXT or config.json chooses, as the store has it. */
  readonly context?: ChosenContext | undefined;
  /** Of `~/.testcontainers.properties`. */
  readonly properties: Readonly<Record<string, string>>;
}

export interface ChosenContext {
  readonly name: string;
  readonly by: "DOCKER_CONTEXT" | "currentContext";
  /** Undefined where the store has no such context, or the context no docker endpoint. */
  readonly endpoint: ContextEndpoint | undefined;
  /** Its TLS files that are there. */
  readonly tls: { readonly ca?: string | undefined; readonly certificate?: string | undefined; readonly key?: string | undefined };
  /** Names of all contexts, where this one is missing. */
  readonly known: readonly string[];
}

/**
 * What this process was told (the option, DOCKER_HOST, DOCKER_CONTEXT) stands alone, as with the docker command: tests must not run
 * somewhere else because the daemon that was meant is down. What a file says comes before the usual sockets, which follow it.
 */
export function daemonSteps(facts: DetectionFacts): readonly DaemonStep[] {
  const { host, environment, context } = facts;
  if (host !== undefined) return [{ origin: "the option host", address: host, tls: tlsOfEnvironment(facts), decisive: true }];
  const named = environment["DOCKER_HOST"];
  if (named) return [{ origin: "DOCKER_HOST", address: named, tls: tlsOfEnvironment(facts), decisive: true }];
  if (context?.by === "DOCKER_CONTEXT") return [contextStep(context)];
  return [...(context ? [contextStep(context)] : []), ...propertySteps(facts), ...wellKnownSockets(facts).map(socketStep)];
}

function contextStep({ name, by, endpoint, tls, known }: ChosenContext): DaemonStep {
  const decisive = by === "DOCKER_CONTEXT";
  const origin = `docker context ${name}`;
  if (endpoint) {
    const material = Object.values(tls).some((file) => file !== undefined);
    const { host, skipTlsVerify } = endpoint;
    const paths: TlsPaths = { ca: tls.ca, certificate: tls.certificate, key: tls.key, verify: !skipTlsVerify, option: origin };
    return { origin, address: host, tls: material || skipTlsVerify ? paths : undefined, decisive };
  }
  return {
    origin,
    reason: known.includes(name) ? "it names no docker daemon" : "there is no such context",
    remedy: "See `docker context ls`, then choose one with DOCKER_CONTEXT or `docker context use`.",
    option: { name: by, value: name, allowed: ["default", ...known] },
    decisive,
  };
}

function propertySteps({ properties, home, environment }: DetectionFacts): readonly DaemonCandidate[] {
  const file = "~/.testcontainers.properties";
  const directory = properties["docker.cert.path"] ?? certificateDirectory(home, environment);
  const secure = /^(1|true)$/i.test(properties["docker.tls.verify"] ?? "");
  return ["tc.host", "docker.host"].flatMap((name) => {
    const address = properties[name];
    if (!address) return [];
    const tls = secure ? tlsPaths(directory, true, `docker.cert.path in ${file}`) : undefined;
    return [{ origin: `${name} in ${file}`, address, tls, decisive: false }];
  });
}

function socketStep({ origin, path: socket }: { readonly origin: string; readonly path: string }): DaemonCandidate {
  const pipe = socket.startsWith("\\\\");
  return { origin, address: pipe ? `npipe://${socket.replaceAll("\\", "/")}` : `unix://${socket}`, decisive: false };
}

/** As the docker command reads them: DOCKER_TLS_VERIFY for a daemon that is checked, DOCKER_TLS for one that isn't. */
function tlsOfEnvironment({ environment, home }: UserFacts): TlsPaths | undefined {
  const verify = Boolean(environment["DOCKER_TLS_VERIFY"]);
  if (!verify && !environment["DOCKER_TLS"]) return undefined;
  return tlsPaths(certificateDirectory(home, environment), verify, "DOCKER_CERT_PATH");
}

function certificateDirectory(home: string, environment: NodeJS.ProcessEnv): string {
  return environment["DOCKER_CERT_PATH"] || environment["DOCKER_CONFIG"] || path.join(home, ".docker");
}

function tlsPaths(directory: string, verify: boolean, option: string): TlsPaths {
  const at = (name: string): string => path.join(directory, name);
  return { ca: at("ca.pem"), certificate: at("cert.pem"), key: at("key.pem"), verify, option };
}
