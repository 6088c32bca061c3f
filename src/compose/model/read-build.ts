/** `build` of a service. */
import path from "node:path";
import type { BuildSecret, ContainerSpec } from "../../engine/engine.js";
import { splitPair } from "../files/short-syntax.js";
import { type Field, ignored, refused } from "./field.js";
import type { ServiceBuild } from "./project.js";
import { resolvePath } from "./read-mounts.js";

export interface BuildContextFacts {
  /** Give their values to arguments that are named without one. */
  readonly variables: Readonly<Record<string, string>>;
  /** The file's secrets, as a build takes them. */
  readonly secrets: ReadonlyMap<string, BuildSecret>;
}

type Draft = { -readonly [K in keyof ServiceBuild]: ServiceBuild[K] };

export function readBuild(field: Field, facts: BuildContextFacts): ServiceBuild | undefined {
  const build: Draft = {
    context: "",
    dockerfile: undefined,
    dockerfileText: undefined,
    buildArgs: {},
    target: undefined,
    labels: {},
    tags: [],
    noCache: undefined,
    pull: undefined,
    network: undefined,
    platform: undefined,
    contexts: {},
    extraHosts: undefined,
    secrets: {},
    ssh: {},
    allow: [],
  };
  if (field.kind === "scalar") return { ...build, context: contextOf(field) };
  let context: Field | undefined;
  field.keys({
    context: (each) => {
      context = each;
    },
    dockerfile: (each) => {
      build.dockerfile = each.text();
    },
    dockerfile_inline: (each) => {
      build.dockerfileText = each.text();
    },
    args: (each) => {
      build.buildArgs = withValues(each.pairs(), facts.variables);
    },
    target: (each) => {
      build.target = each.text();
    },
    labels: (each) => {
      build.labels = each.filledPairs();
    },
    tags: (each) => {
      build.tags = each.texts();
    },
    no_cache: (each) => {
      build.noCache = each.boolean();
    },
    pull: (each) => {
      build.pull = each.boolean();
    },
    network: (each) => {
      build.network = each.oneOf(["default", "none", "host"]);
    },
    platforms: (each) => {
      const platforms = each.texts();
      if (platforms.length > 1) each.problem("not served: an image is built for one platform at a time");
      [build.platform] = platforms;
    },
    additional_contexts: (each) => {
      build.contexts = contexts(each);
    },
    extra_hosts: (each) => {
      build.extraHosts = readExtraHosts(each);
    },
    secrets: (each) => {
      build.secrets = secrets(each, facts.secrets);
    },
    ssh: (each) => {
      build.ssh = agents(each, facts.variables);
    },
    entitlements: (each) => {
      build.allow = each.items().flatMap((item) => item.oneOf(["security.insecure", "network.host"] as const) ?? []);
    },
    privileged: (each) => {
      if (each.boolean())
        each.problem("not served: RUN --security=insecure with the entitlement security.insecure gives a step its rights");
    },
    // Steps are found by their content in the one cache that there is: a hint where to look has nothing to add.
    cache_from: ignored,
    cache_to: refused("there is one cache, that of this machine"),
    // Attestations of BuildKit; there are none to leave out.
    provenance: ignored,
    sbom: ignored,
    shm_size: refused("steps have the /dev/shm of any container"),
    ulimits: refused("steps have the limits of the engine"),
    isolation: refused("it is for Windows"),
  });
  if (build.dockerfile !== undefined && build.dockerfileText !== undefined)
    field.problem("dockerfile and dockerfile_inline exclude each other");
  build.context = context ? contextOf(context) : path.resolve(field.node.place.source.directory);
  return build;
}

const URL_CONTEXT = /^(?:[a-z][a-z0-9+.-]*:\/\/|github\.com\/|[\w-]+@[\w.-]+:)/;

function contextOf(field: Field): string {
  const text = field.text() ?? "";
  return URL_CONTEXT.test(text) ? text : resolvePath(field, text);
}

function contexts(field: Field): Record<string, string> {
  const read = Object.entries(field.filledPairs()).map(([name, value]): [string, string] => {
    if (value.startsWith("service:")) field.problem(`not served: ${value}; name the image of the service with docker-image://`);
    return [name, URL_CONTEXT.test(value) || value.startsWith("service:") ? value : resolvePath(field, value)];
  });
  return Object.fromEntries(read);
}

function secrets(field: Field, known: ReadonlyMap<string, BuildSecret>): Record<string, BuildSecret> {
  const read = field.items().flatMap((item): [string, BuildSecret][] => {
    let source = item.kind === "scalar" ? item.text() : undefined;
    let target: string | undefined;
    if (item.kind === "map") {
      item.keys({
        source: (each) => {
          source = each.text();
        },
        target: (each) => {
          target = each.text();
        },
        uid: ignored,
        gid: ignored,
        mode: ignored,
      });
    }
    const secret = known.get(source ?? "");
    if (source !== undefined && secret) return [[target ?? source, secret]];
    item.problem(`there is no secret ${JSON.stringify(source ?? "")} among the top-level secrets`);
    return [];
  });
  return Object.fromEntries(read);
}

function agents(field: Field, variables: Readonly<Record<string, string>>): Record<string, string> {
  const words = field.kind === "scalar" ? field.textOrTexts() : undefined;
  const read = Object.entries(words ? Object.fromEntries(words.map((word) => splitPair(word))) : field.pairs());
  return Object.fromEntries(
    read.flatMap(([id, given]): [string, string][] => {
      const socket = given || variables["SSH_AUTH_SOCK"];
      if (socket) return [[id, socket]];
      field.problem(`the agent ${JSON.stringify(id)} has no socket, and SSH_AUTH_SOCK names none`);
      return [];
    }),
  );
}

/** Keys without a value take that of the surroundings; without one they are absent. */
export function withValues(
  pairs: Readonly<Record<string, string | undefined>>,
  variables: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(pairs).flatMap(([name, value]): [string, string][] => {
      const set = value ?? (Object.hasOwn(variables, name) ? variables[name] : undefined);
      return set === undefined ? [] : [[name, set]];
    }),
  );
}

/** `NAME:ADDRESS` or `NAME=ADDRESS`, or a map whose values are an address or several. */
export function readExtraHosts(field: Field): NonNullable<ContainerSpec["extraHosts"]> {
  const address = (text: string): string => text.replace(/^\[(.*)\]$/, "$1");
  if (field.kind !== "list")
    return field.entries().flatMap(([host, each]) => each.textOrTexts().map((text) => ({ host, address: address(text) })));
  return field.items().flatMap((item) => {
    const text = item.text();
    const [, host, given] = /^([^=:]+)[=:](.+)$/.exec(text ?? "") ?? [];
    if (host !== undefined && given !== undefined) return [{ host: host.trim(), address: address(given.trim()) }];
    if (text !== undefined) item.problem(`expected NAME=ADDRESS, not ${JSON.stringify(text)}`);
    return [];
  });
}
