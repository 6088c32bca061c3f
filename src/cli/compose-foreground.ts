/** `up` in the foreground: all logs side by side, until the containers have ended or the user ends them. */

import { projectContainers, stopContainers } from "../compose/index.js";
import type { Project } from "../compose/model/project.js";
import type { Report } from "../compose/run/progress.js";
import type { UpContainer } from "../compose/run/up.js";
import type { Engine } from "../engine/engine.js";
import { labelInProject, logPrefixes } from "./compose-display.js";
import { type ContainerEnd, type FollowedContainer, followContainerLog } from "./compose-logs.js";
import type { Terminal } from "./terminal.js";

export interface ForegroundOptions {
  readonly engine: Engine;
  readonly project: Project;
  readonly terminal: Terminal;
  readonly report: Report;
  readonly coloured: boolean;
  readonly prefixed: boolean;
  /** The first container that ends takes the others along. */
  readonly abortOnExit: boolean;
  /** The exit code is that of this service, whichever ends first. */
  readonly exitCodeFrom: string | undefined;
  readonly timeoutMs: number | undefined;
}

export interface Foreground {
  readonly running: (container: UpContainer, since: Date | undefined) => void;
  /** Once all have been started: until all have ended, or the signal wants it. @returns the exit code */
  untilEnd(interrupted: AbortSignal): Promise<number>;
  /** Stops what runs, and shows what it still says. @param force fires when there is no patience left */
  stop(force: AbortSignal): Promise<void>;
}

export function foreground(options: ForegroundOptions): Foreground {
  const { engine, project, terminal, report, abortOnExit, exitCodeFrom, timeoutMs } = options;
  const leave = new AbortController();
  const followers: Promise<void>[] = [];
  const ends: ContainerEnd[] = [];
  let firstEnd: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    firstEnd = resolve;
  });
  const prefixes = options.prefixed ? logPrefixes(labelsOf(project), options.coloured) : undefined;
  const stop = async (force: AbortSignal): Promise<void> => {
    const all = await projectContainers(engine, project.name);
    // Those of services that are not in the files any more have been left alone so far.
    const mine = all.filter(({ service }) => project.services.has(service));
    const forced = new Promise<void>((resolve) => {
      if (force.aborted) resolve();
      force.addEventListener("abort", () => resolve(), { once: true });
    });
    const stopping = stopContainers(mine, timeoutMs, { engine, report });
    stopping.catch(() => {}); // what is killed meanwhile can't be stopped
    const patient = stopping.then(() => true);
    if (!(await Promise.race([patient, forced.then(() => false)]))) {
      // Another stop would wait for the one that has been asked for.
      await Promise.allSettled(mine.map(({ id }) => engine.containers.kill(id)));
    }
    await Promise.allSettled(followers);
  };
  return {
    running({ id, name, service }, since) {
      const container: FollowedContainer = { id, label: labelInProject(project.name, name), service: service.name, shown: service.attach };
      const follower = followContainerLog(container, since, {
        engine,
        terminal,
        prefixes,
        signal: leave.signal,
        ended(end) {
          ends.push(end);
          firstEnd();
        },
      });
      follower.catch(() => {}); // told by untilEnd
      followers.push(follower);
    },
    async untilEnd(interrupted) {
      const interruption = new Promise<void>((resolve) => {
        if (interrupted.aborted) resolve();
        interrupted.addEventListener("abort", () => resolve(), { once: true });
      });
      const all = Promise.all(followers);
      await Promise.race([all, interruption, ...(abortOnExit ? [ended] : [])]);
      if (interrupted.aborted) return 130;
      if (!abortOnExit) return 0;
      await stop(interrupted);
      const wanted = exitCodeFrom === undefined ? ends[0] : ends.find(({ container }) => container.service === exitCodeFrom);
      return wanted?.exitCode ?? 0;
    },
    stop,
  };
}

function labelsOf(project: Project): string[] {
  return [...project.services.values()]
    .filter(({ attach }) => attach)
    .flatMap(({ name, containerName, scale }) =>
      Array.from({ length: Math.max(1, scale) }, (_, index) => containerName ?? `${name}-${index + 1}`),
    );
}
