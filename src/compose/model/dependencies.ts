/** Which service needs which: that they are there, that they do not go round in circles, and their order. Pure. */
import type { Problems } from "../files/problems.js";
import type { Service } from "./project.js";

type Services = ReadonlyMap<string, Service>;

/** @param disabled the profiles of services that are in the files, and in no active one */
export function checkDependencies(services: Services, disabled: ReadonlyMap<string, readonly string[]>, problems: Problems): void {
  for (const { name, place, dependsOn } of services.values()) {
    const path = `services.${name}.depends_on`;
    for (const [other, { required }] of dependsOn) {
      if (services.has(other) || !required) continue;
      // Names that are nowhere have been told of where they stand.
      const flags = disabled.get(other)?.map((profile) => `--profile ${profile}`);
      if (flags) problems.add(place, path, `the service ${JSON.stringify(other)} is in no active profile: ${flags.join(" or ")}`);
    }
    const circle = circleFrom(name, services);
    if (circle && [...circle].sort()[0] === name)
      problems.add(place, path, `services need each other in a circle: ${[...circle, name].join(" -> ")}`);
  }
}

/** @returns the services on the way from one back to itself */
function circleFrom(name: string, services: Services): string[] | undefined {
  const seen = new Set<string>();
  const search = (at: string, way: readonly string[]): string[] | undefined => {
    for (const next of services.get(at)?.dependsOn.keys() ?? []) {
      if (next === name) return [...way];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = search(next, [...way, next]);
      if (found) return found;
    }
    return undefined;
  };
  return search(name, [name]);
}

/** Each after those that it needs; otherwise in the order of the file. */
export function inOrder(services: Services): Service[] {
  const done = new Map<string, Service>();
  const visit = (service: Service): void => {
    if (done.has(service.name)) return;
    for (const other of service.dependsOn.keys()) {
      const needed = services.get(other);
      if (needed) visit(needed);
    }
    done.set(service.name, service);
  };
  for (const service of services.values()) visit(service);
  return [...done.values()];
}

/** Services and all that they need. */
export function withDependencies(names: readonly string[], services: Services): Set<string> {
  const all = new Set<string>();
  const visit = (name: string): void => {
    if (all.has(name) || !services.has(name)) return;
    all.add(name);
    for (const other of services.get(name)?.dependsOn.keys() ?? []) visit(other);
  };
  for (const name of names) visit(name);
  return all;
}
