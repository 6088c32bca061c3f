/** Routes of what is not here: swarm, plugins, BuildKit's sessions. Answered in the words of a daemon without them. */
import type { Exchange } from "../exchange.js";
import { HttpFailure } from "../http-failure.js";
import { keepSession, refuseCalls } from "../no-buildkit.js";
import type { Route } from "../router.js";

const NO_SWARM =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';
const METHODS = ["GET", "POST", "PUT", "DELETE"];

function refuse(status: number, message: string): (exchange: Exchange) => Promise<void> {
  return async () => {
    throw new HttpFailure(status, message);
  };
}

function everywhere(names: readonly string[], status: number, message: string): Route[] {
  return names.flatMap((name) =>
    METHODS.flatMap((method): Route[] => [
      [method, `/${name}`, refuse(status, message)],
      [method, `/${name}/{rest*}`, refuse(status, message)],
    ]),
  );
}

export function unservedRoutes(): readonly Route[] {
  return [
    ["GET", "/plugins", async (exchange) => exchange.send(200, [])],
    ["POST", "/swarm/init", refuse(501, "swarm mode is not served")],
    ["POST", "/swarm/join", refuse(501, "swarm mode is not served")],
    ["POST", "/swarm/leave", refuse(503, "This node is not part of a swarm")],
    ...everywhere(["swarm", "nodes", "services", "tasks", "secrets", "configs"], 503, NO_SWARM),
    [
      "GET",
      "/plugins/{name*}/json",
      async (exchange) => {
        throw new HttpFailure(404, `plugin "${exchange.parameter("name")}" not found`);
      },
    ],
    ...everywhere(["plugins"], 501, "plugins are not served"),
    ["POST", "/session", keepSession],
    ["POST", "/grpc", refuseCalls],
  ];
}
