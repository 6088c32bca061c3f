import { readFile } from "node:fs/promises";
import path from "node:path";
import { CaissonError } from "../../engine/errors.js";
import { defineCommand } from "../command.js";
import { parseDuration } from "../quantities.js";
import { printLine } from "../terminal.js";
import { UsageError } from "../usage.js";

export const serve = defineCommand({
  name: "serve",
  summary: "Answer the Docker Engine API, for docker's command line, Compose and the like",
  operands: "",
  least: 0,
  most: 0,
  options: {
    host: { type: "string", short: "H", value: "ADDRESS", help: "unix:///PATH or tcp://HOST:PORT; default: caisson.sock in the data root" },
    tlscert: { type: "string", value: "FILE", help: "certificate of this server" },
    tlskey: { type: "string", value: "FILE", help: "its key" },
    tlscacert: { type: "string", value: "FILE", help: "authority that has signed the certificates of clients" },
    insecure: { type: "boolean", help: "listen on TCP without knowing who connects: whoever does has this machine" },
    "allow-bind": {
      type: "string",
      multiple: true,
      value: "PATH",
      help: "let clients mount what is below this path, and no other of this host",
    },
    "idle-exit": { type: "string", value: "DURATION", help: "end once there has been neither a container nor a connection for so long" },
  },
  async run({ values, terminal, engine: open, signal }) {
    const idleExitMs = values["idle-exit"] === undefined ? undefined : parseDuration("idle-exit", values["idle-exit"]);
    const tls = await readTls(values);
    const wrong = values["allow-bind"]?.find((each) => !path.isAbsolute(each));
    if (wrong !== undefined) throw new UsageError(`--allow-bind takes an absolute path, not ${JSON.stringify(wrong)}`);
    const { parseListenAddress, serve: serveEngine } = await import("../../engine/server/index.js");
    const engine = await open({ lasting: true });
    const { root = "/run" } = await engine.info();
    const server = await serveEngine(engine, {
      address: parseListenAddress(values.host ?? `unix://${path.join(root, "caisson.sock")}`),
      tls,
      insecure: values.insecure,
      bindRoots: values["allow-bind"],
      idleExitMs,
    });
    for (const problem of server.problems) terminal.stderr.write(`${problem}\n`);
    printLine(terminal, `Serving on ${server.host}`);
    await Promise.race([server.idle, interrupted(signal)]);
    await server.close();
    return 0;
  },
});

function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

interface TlsFlags {
  readonly tlscert?: string | undefined;
  readonly tlskey?: string | undefined;
  readonly tlscacert?: string | undefined;
}

/** @throws UsageError, PATH_NOT_FOUND */
async function readTls({ tlscert, tlskey, tlscacert }: TlsFlags) {
  if (tlscert === undefined && tlskey === undefined && tlscacert === undefined) return undefined;
  if (tlscert === undefined || tlskey === undefined)
    throw new UsageError("TLS takes --tlscert and --tlskey, and --tlscacert to know its clients");
  const [certificate, key, clientAuthority] = await Promise.all([
    read(tlscert),
    read(tlskey),
    tlscacert === undefined ? undefined : read(tlscacert),
  ]);
  return { certificate, key, clientAuthority };
}

async function read(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: Error) => {
    throw new CaissonError("PATH_NOT_FOUND", `${file} can't be read: ${cause.message}`, { facts: { path: file }, cause });
  });
}
