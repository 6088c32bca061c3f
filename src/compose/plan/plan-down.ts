/** In which order containers are stopped: those that need others before these. Pure. */
import type { ProjectContainer } from "./plan-up.js";

/** @returns groups, of which each may be stopped at once, the first first */
export function stopOrder(containers: readonly ProjectContainer[]): ProjectContainer[][] {
  const groups: ProjectContainer[][] = [];
  let left = [...containers];
  while (left.length > 0) {
    const needed = new Set(left.flatMap(({ service, dependsOn }) => dependsOn.filter((name) => name !== service)));
    const free = left.filter(({ service }) => !needed.has(service));
    // Labels that somebody else wrote may go round in a circle.
    const group = free.length > 0 ? free : left;
    groups.push(group);
    left = left.filter((each) => !group.includes(each));
  }
  return groups;
}
