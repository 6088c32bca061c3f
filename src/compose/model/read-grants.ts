/** Configs and secrets: the top-level ones, and which of them a service sees where. */
import path from "node:path";
import type { BuildSecret, MountSpec } from "../../engine/engine.js";
import { type Field, refused } from "./field.js";
import type { ServiceFile } from "./project.js";
import { resolvePath } from "./read-mounts.js";

/** Where the content of a config or secret is. */
export type Grant = FileGrant | { readonly content: string };

export interface FileGrant {
  readonly file: string;
  /** Where it is named. */
  readonly field: Field;
}

/** @param variables the environment, which a content may come from */
export function readGrants(field: Field | undefined, variables: Readonly<Record<string, string>>): ReadonlyMap<string, Grant> {
  const grants = new Map<string, Grant>();
  for (const [name, each] of field?.entries() ?? []) {
    const grant = readGrant(each, variables);
    if (grant) grants.set(name, grant);
  }
  return grants;
}

function readGrant(field: Field, variables: Readonly<Record<string, string>>): Grant | undefined {
  const found: Grant[] = [];
  let refusal = false;
  field.keys({
    file: (each) => {
      const file = each.text();
      if (file !== undefined) found.push({ file: resolvePath(each, file), field: each });
    },
    content: (each) => {
      const content = each.text();
      if (content !== undefined) found.push({ content });
    },
    environment: (each) => {
      const name = each.text() ?? "";
      if (Object.hasOwn(variables, name)) found.push({ content: variables[name]! });
      else {
        refusal = true;
        each.problem(`the variable ${JSON.stringify(name)} has no value`);
      }
    },
    external: (each) => {
      if (!each.boolean()) return;
      refusal = true;
      refused("an orchestrator keeps such ones; name a file, a content or a variable of the environment")(each);
    },
    name: () => {},
    labels: () => {},
    driver: refused("there is no driver"),
    template_driver: refused("there is no driver"),
  });
  if (found.length === 1) return found[0];
  if (!refusal) field.problem("expected one of file, content and environment");
  return undefined;
}

export interface GrantedFiles {
  readonly mounts: readonly MountSpec[];
  readonly files: readonly ServiceFile[];
  /** Files of this host that have to be there. */
  readonly needed: readonly FileGrant[];
}

/** A file of this host is mounted; what has none is written into the container, as docker's Compose does it. */
export function readGranted(field: Field, known: ReadonlyMap<string, Grant>, directory: "/" | "/run/secrets"): GrantedFiles {
  const mounts: MountSpec[] = [];
  const files: ServiceFile[] = [];
  const needed: FileGrant[] = [];
  for (const item of field.items()) {
    const place = readPlace(item);
    const grant = known.get(place.source ?? "");
    if (place.source === undefined || !grant) {
      const kind = directory === "/" ? "config" : "secret";
      if (place.source !== undefined && !known.has(place.source))
        item.problem(`there is no ${kind} ${JSON.stringify(place.source)} among the top-level ${kind}s`);
      continue;
    }
    const target = path.posix.resolve(directory, place.target ?? place.source);
    if ("file" in grant) {
      mounts.push({ type: "bind", source: grant.file, target, readonly: true });
      needed.push(grant);
    } else files.push({ target, content: grant.content, uid: place.uid, gid: place.gid, mode: place.mode });
  }
  return { mounts, files, needed };
}

function readPlace(item: Field): {
  readonly source: string | undefined;
  readonly target: string | undefined;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
} {
  const place: { source?: string | undefined; target?: string | undefined; uid: number; gid: number; mode: number } = {
    uid: 0,
    gid: 0,
    mode: 0o444,
  };
  if (item.kind === "scalar") return { ...place, source: item.text(), target: undefined };
  item.keys({
    source: (each) => {
      place.source = each.text();
    },
    target: (each) => {
      place.target = each.text();
    },
    uid: (each) => {
      place.uid = each.integer(0) ?? 0;
    },
    gid: (each) => {
      place.gid = each.integer(0) ?? 0;
    },
    mode: (each) => {
      place.mode = each.mode() ?? 0o444;
    },
  });
  if (place.source === undefined) item.problem("a source is missing");
  return { ...place, source: place.source, target: place.target };
}

/** As a build takes them. */
export function buildSecrets(grants: ReadonlyMap<string, Grant>): ReadonlyMap<string, BuildSecret> {
  return new Map([...grants].map(([name, grant]) => [name, "file" in grant ? { file: grant.file } : { value: grant.content }]));
}

/** Those whose files a build reads. */
export function neededByBuild(grants: ReadonlyMap<string, Grant>, secrets: Readonly<Record<string, BuildSecret>>): FileGrant[] {
  const read = new Set(Object.values(secrets).flatMap((secret) => ("file" in secret && secret.file) || []));
  return [...grants.values()].flatMap((grant) => ("file" in grant && read.has(grant.file) ? grant : []));
}

/** Tells of each file that is not there, once, and which services want it. */
export async function checkGrantFiles(
  needed: ReadonlyMap<string, readonly FileGrant[]>,
  exists: (file: string) => Promise<boolean>,
): Promise<void> {
  const services = new Map<FileGrant, Set<string>>();
  for (const [service, grants] of needed) for (const grant of grants) services.set(grant, (services.get(grant) ?? new Set()).add(service));
  for (const [{ file, field }, names] of services)
    if (!(await exists(file))) field.problem(`the file ${file} is not there; it is for ${[...names].join(", ")}`);
}
