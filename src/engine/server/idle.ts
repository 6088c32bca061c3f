/** Notices when a server has nothing left to serve. */
import type { Engine } from "../engine.js";
import type { ApiServer } from "./api-server.js";

export interface IdleWatch {
  readonly reached: Promise<void>;
  stop(): void;
}

/** @param afterMs undefined for never */
export function watchIdle(engine: Engine, server: ApiServer, afterMs: number | undefined): IdleWatch {
  if (afterMs === undefined) return { reached: new Promise(() => {}), stop: () => {} };
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let reach: () => void = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const look = async (): Promise<void> => {
    clearTimeout(timer);
    if (abort.signal.aborted || !(await still())) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      void still().then(
        (idle) => idle && !abort.signal.aborted && reach(),
        () => {},
      );
    }, afterMs);
  };
  const still = async (): Promise<boolean> => server.connections === 0 && !(await needed(engine));
  const again = (): void => void look().catch(() => {});
  server.http.on("connection", (socket) => {
    clearTimeout(timer);
    // The server takes it off its list first.
    socket.once("close", () => setImmediate(again));
  });
  void (async () => {
    for await (const _ of engine.events({
      type: "container",
      filters: { event: ["create", "die", "stop", "destroy"] },
      signal: abort.signal,
    }))
      again();
  })().catch(() => {});
  again();
  return {
    reached,
    stop() {
      abort.abort();
      clearTimeout(timer);
    },
  };
}

/** Containers that are kept don't need a server while they rest, unless the next one would start them. */
async function needed({ containers, supports }: Engine): Promise<boolean> {
  const all = await containers.list({ all: true });
  if (supports.sessionBound) return all.length > 0;
  if (all.some(({ status }) => status !== "created" && status !== "exited")) return true;
  const rested = await Promise.all(all.map(({ id }) => containers.inspect(id).catch(() => undefined)));
  return rested.some((container) => container?.config.restartPolicy.name === "always");
}
