/** A hundred clients that follow logs and events of one server for a minute: what they miss, and what the server's memory does. */
import { setMaxListeners } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { LogRecord } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { type Benchmark, BUSYBOX } from "./benchmark.js";
import { startServer } from "./sides/caisson-server.js";

const CLIENTS = 100;
const SECONDS = 60;
const LINES_PER_SECOND = 50;
/** What a server needs for these clients is there by then. */
const SETTLED_SECONDS = 15;

export const followers: Benchmark = {
  name: "followers",
  async run(bench) {
    const server = await startServer(bench.scratch, BUSYBOX);
    await using engine = await openEngine({ host: server.host });
    try {
      const talk = `i=0; while [ $i -lt ${SECONDS * LINES_PER_SECOND} ]; do echo line $i; i=$((i+1)); usleep ${1e6 / LINES_PER_SECOND}; done`;
      const { id } = await engine.containers.create({ image: BUSYBOX, command: ["sh", "-c", talk] });
      const clients = await Promise.all(Array.from({ length: CLIENTS }, () => openEngine({ host: server.host })));
      const end = new AbortController();
      setMaxListeners(0, end.signal);
      const events = clients.map(async (client) => {
        let seen = 0;
        for await (const _ of client.events({ filters: { event: ["die"] }, signal: end.signal })) seen++;
        return seen;
      });
      const following = clients.map((client) => linesOf(client.containers.logs(id, { follow: true })));
      await engine.containers.start(id);
      const memory: number[] = [];
      const watched = (async () => {
        await sleep(SETTLED_SECONDS * 1000);
        while (!end.signal.aborted) {
          memory.push(await residentMegabytes(server.pid));
          await sleep(1000);
        }
      })();
      const counts = await Promise.all(following);
      await sleep(500); // events come over connections of their own
      end.abort();
      await watched;
      const heard = await Promise.all(events);
      const lines = SECONDS * LINES_PER_SECOND;
      bench.note(`followers: ${CLIENTS} clients, ${lines} lines each, memory ${Math.min(...memory)} to ${Math.max(...memory)} MB`);
      await Promise.all(clients.map((client) => client.close()));
      return [
        { what: `${CLIENTS} followers, lines lost`, unit: "", ours: [sum(counts.map((count) => lines - count))], must: none },
        { what: `${CLIENTS} followers, events lost`, unit: "", ours: [sum(heard.map((count) => 1 - count))], must: none },
        {
          what: `${CLIENTS} followers, growth of the server after ${SETTLED_SECONDS} s`,
          unit: "MB",
          ours: [Math.max(0, mean(memory.slice(-5)) - mean(memory.slice(0, 5)))],
          must: { kind: "at-most", value: 10 },
        },
      ];
    } finally {
      await server[Symbol.asyncDispose]();
    }
  },
};

const none = { kind: "at-most", value: 0 } as const;

/** In order, each once: anything else is an error. */
async function linesOf(records: AsyncIterable<LogRecord>): Promise<number> {
  let expected = 0;
  for await (const { data } of records) {
    const line = data.toString();
    if (line.trimEnd() !== `line ${expected}`) throw new Error(`line ${expected} was to come, and ${JSON.stringify(line)} did`);
    expected++;
  }
  return expected;
}

async function residentMegabytes(pid: number): Promise<number> {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
