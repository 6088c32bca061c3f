/**
 * A process that does one thing with an engine and is expected to be killed at it. Arguments: the data root, the operation, and what it needs
 * as JSON. It says `ready` with its supervisor, begins when it is told to, and says how that ended: one line of JSON each.
 */
import { once } from "node:events";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { openEngine } from "../../dist/engine/index.js";
import { tarOf } from "./tar.mjs";

const [, , home, operation, json = "{}"] = process.argv;
const { reference, context, dockerfileText, repeat = 1 } = JSON.parse(json);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

process.stdin.resume();
// In its cgroups before anything is started.
await once(process.stdin, "data");
const engine = await openEngine({ home, engine: "builtin" });
const { containers, images } = engine;
const HTTPD = { image: "busybox", command: ["httpd", "-f", "-p", "80"] };

async function start(spec = HTTPD) {
  const { id } = await containers.create(spec);
  await containers.start(id);
  return id;
}

async function startWithAll() {
  const network = `net-${process.pid}`;
  await engine.networks.create({ name: network });
  const spec = {
    ...HTTPD,
    publish: [{ containerPort: 80 }],
    networks: { [network]: { aliases: ["web"] } },
    mounts: [
      { type: "volume", source: "kept", target: "/kept" },
      { type: "tmpfs", target: "/scratch" },
    ],
  };
  const [first] = await Promise.all([start(spec), start({ ...HTTPD, publish: [{ containerPort: 80 }] })]);
  return [first, network];
}

async function execIn(id) {
  const child = await containers.exec(id, { command: ["sh", "-c", "cat; sleep 0.02; echo end >&2"], stdin: true });
  child.stdin.on("error", () => {}); // the process may end first, as told by its exit
  child.stdin.end(Buffer.alloc(1 << 18, 1));
  await Promise.all([buffer(child.stdout), buffer(child.stderr), child.exit]);
}

const files = () => Array.from({ length: 60 }, (_, index) => [`d/f${index}`, Buffer.alloc(1 << 16, index)]);

const none = async () => {};
/** What is there before, what is done, and what makes it possible to do it again. */
const OPERATIONS = {
  pull: {
    prepare: () => images.remove(reference, { force: true }).catch((error) => notMissing(error)),
    act: () => images.pull(reference),
  },
  build: { prepare: none, act: () => images.build(context, { dockerfileText, noCache: true, tags: ["chaos-built"] }) },
  import: { prepare: none, act: async () => images.import(Readable.from([await tarOf(files())]), { reference: "chaos-imported" }) },
  commit: {
    prepare: () => start({ image: "busybox", command: ["sh", "-c", "dd if=/dev/zero of=/big bs=1M count=4; exec sleep 600"] }),
    act: (id) => containers.commit(id, { reference: "chaos-committed" }),
  },
  start: {
    prepare: none,
    act: startWithAll,
    undo: async (_, [id, network]) => {
      for (const { id: each } of await containers.list({ all: true })) await containers.remove(each, { force: true });
      await engine.networks.remove(network);
      return id;
    },
  },
  exec: { prepare: () => start(), act: (id) => Promise.all([execIn(id), execIn(id), execIn(id)]) },
  copy: {
    prepare: () => start(),
    act: async (id) => {
      await containers.copyIn(id, Readable.from([await tarOf(files())]), { path: "/tmp" });
      await buffer(await containers.copyOut(id, "/tmp/d"));
    },
  },
  stop: {
    prepare: () => Promise.all([start({ ...HTTPD, publish: [{ containerPort: 80 }] }), start()]),
    act: (ids) => Promise.all(ids.map((id) => containers.stop(id, { timeoutMs: 1 }).then(() => containers.remove(id)))),
  },
  /** Everything, for faults that are there all the time. */
  work: {
    prepare: none,
    act: async () => {
      const id = await start({ ...HTTPD, publish: [{ containerPort: 80 }] });
      await execIn(id);
      await OPERATIONS.copy.act(id);
      await images.build(context, { dockerfileText, noCache: true });
      if (reference) await images.pull(reference);
      await containers.stop(id, { timeoutMs: 1 });
      await containers.remove(id, { force: true });
    },
  },
  /** Takes memory until somebody takes the process. */
  hoard: {
    prepare: () => start(),
    act: async () => {
      for (const kept = []; ; kept.push(Buffer.alloc(4 << 20, 1))) await new Promise(setImmediate);
    },
  },
};

function notMissing(error) {
  if (error.code !== "IMAGE_NOT_FOUND") throw error;
}

/** Typed, or what it was instead. */
const asFailure = (error) =>
  error?.name === "CaissonError" || typeof error?.facts === "object"
    ? { code: error.code, message: error.message }
    : { untyped: String(error?.stack ?? error) };

try {
  const { prepare, act, undo = none } = OPERATIONS[operation];
  let prepared = await prepare();
  say({ ready: true, supervisor: await engine.supervisorPid() });
  await once(process.stdin, "data");
  for (let round = 0; round < repeat; round++) {
    const began = performance.now();
    const made = await act(prepared);
    say({ done: true, ms: performance.now() - began });
    if (round + 1 < repeat) {
      await undo(prepared, made);
      if (operation === "pull" || operation === "stop") prepared = await prepare();
    }
  }
} catch (error) {
  say({ failed: true, ...asFailure(error) });
}
await once(process.stdin, "end");
await engine.close();
say({ closed: true });
