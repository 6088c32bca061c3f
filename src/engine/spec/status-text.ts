/** How a container is, in docker's words. Pure. */
import type { ContainerState } from "../engine.js";

/** `Up 3 minutes (healthy)`. @param now milliseconds, by the clock of the state's times */
export function statusText(state: ContainerState, now: number): string {
  const since = (time: Date | undefined): string => humanDuration(now - (time?.getTime() ?? now));
  const { status, health, exit } = state;
  switch (status) {
    case "created":
      return "Created";
    case "running":
      return `Up ${since(state.startedAt)}${health ? ` (${health.status === "starting" ? "health: starting" : health.status})` : ""}`;
    case "paused":
      return `Up ${since(state.startedAt)} (Paused)`;
    case "restarting":
      return `Restarting (${exit?.exitCode ?? 0}) ${since(state.finishedAt)} ago`;
    case "exited":
      return `Exited (${exit?.exitCode ?? 0}) ${since(state.finishedAt)} ago`;
  }
}

/** How long, in words, as `docker ps` has it (go-units HumanDuration). */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.floor(seconds / 3600 + 0.5);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}
