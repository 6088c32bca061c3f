/** What a watcher runs when the process that it watches over has ended: a file of its own in the package. Does nothing on import. */
import { DockerClient } from "../docker-client.js";
import { removeUntilQuiet } from "./remove-until-quiet.js";
import { ORDER_VARIABLE, type WatcherOrder } from "./watcher.js";

/** @param wait where there was no shell to wait in: until standard input ends, and to do nothing if anything was said there before */
export async function watch(wait: boolean): Promise<void> {
  const { host, tls, session } = JSON.parse(process.env[ORDER_VARIABLE] ?? "") as WatcherOrder;
  if (wait && (await farewell())) return;
  await removeUntilQuiet(() => DockerClient.open({ host, tls, environment: process.env }), session);
}

async function farewell(): Promise<boolean> {
  let said = false;
  for await (const _chunk of process.stdin) said = true;
  return said;
}
