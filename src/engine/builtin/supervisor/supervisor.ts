/**
 * The client of the native supervisor: one process a session, spawned once, spoken to over a socket pair.
 *
 * It never keeps Node alive by itself: process and sockets are unref'd, and ref'd only while a request is pending or
 * somebody called {@link Supervisor.retain}. When the supervisor ends, every pending request fails with SUPERVISOR_DIED.
 */
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { closeSync, openSync } from "node:fs";
import type { Socket } from "node:net";
import path from "node:path";
import { abortError, CaissonError } from "../../errors.js";
import { lacksPipes } from "../../lacks-pipes.js";
import type { UserNamespace } from "../runtime/user-namespace.js";
import { encodeFrame, Fields, FieldWriter, type Frame, FrameReader, type Plan, writePlan } from "./codec.js";
import { mapUserNamespace } from "./map-user-namespace.js";
import { Message, PROTOCOL_VERSION, Tag } from "./protocol.js";
import { StreamSocket } from "./stream-socket.js";
import { SupervisorFailure } from "./supervisor-failure.js";

/** Bytes of the supervisor's stderr that are kept for its obituary. */
const STDERR_KEPT = 4096;
/** An address of a unix socket holds no more (unix(7)). */
const SOCKET_PATH_MAX = 107;

export interface SupervisorOptions {
  readonly binary: string;
  /** Must not exist; its parent must. Removed with all it holds when the session ends. */
  readonly sessionDirectory: string;
  /** Cgroup directories of the session, killed and removed when it ends. */
  readonly cgroups: readonly string[];
  /** Host operations that make them. */
  readonly prepare: Plan;
  /** For a user who is not root. @default the supervisor runs in ours */
  readonly userNamespace?: UserNamespace | undefined;
  /** Ours is one that somebody has made. @default false */
  readonly nested?: boolean | undefined;
}

/** How a process ended, as the supervisor saw it. */
export type RawExit = { readonly exitCode: number } | { readonly signal: number };

interface SupervisorEvents {
  /** A container's first process was reaped. `oom` is the content of its OOM file. */
  exit: [containerId: string, exit: RawExit, oom: string | undefined];
  execExit: [execId: string, exit: RawExit];
  listening: [request: number, sockets: Fields[]];
  /** A DNS query from a container. */
  nameQuery: [query: Fields];
  hostRefused: [connection: Fields];
  /** The supervisor is gone; emitted once, also after close(). */
  end: [];
}

interface Pending {
  readonly resolve: (fields: Fields) => void;
  readonly reject: (error: unknown) => void;
  readonly holds: boolean;
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Names the request in ABORTED. */
  readonly operation?: string | undefined;
  /** Does not keep Node alive while it waits. @default false */
  readonly background?: boolean | undefined;
  /** Told the request's id before it is sent. */
  readonly onId?: ((id: number) => void) | undefined;
}

export class Supervisor extends EventEmitter<SupervisorEvents> {
  readonly #child: ChildProcess;
  readonly #control: Socket;
  readonly #frames = new FrameReader();
  readonly #pending = new Map<number, Pending>();
  readonly #sessionDirectory: string;
  /** It is not root on this host: what it can't do there, it does in other ways. */
  readonly inUserNamespace: boolean;
  #directoryFd: number | undefined;
  #received: Frame[] = [];
  #deferred = false;
  #nextId = 1;
  #holds = 0;
  #stderr = "";
  #death: CaissonError<"SUPERVISOR_DIED"> | undefined;
  #closing = false;
  readonly #ended: Promise<void>;

  private constructor(child: ChildProcess, { sessionDirectory, userNamespace, nested = false }: SupervisorOptions) {
    super();
    this.setMaxListeners(0);
    this.#child = child;
    this.#control = child.stdio[3] as Socket;
    this.#sessionDirectory = sessionDirectory;
    this.inUserNamespace = userNamespace !== undefined || nested;
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => resolve(this.#end(error)));
      child.once("exit", () => resolve(this.#end(undefined)));
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    this.#control.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.#control.on("error", () => {}); // the exit event tells why
    child.unref();
    this.#control.unref();
    (child.stderr as Socket | null)?.unref();
  }

  /** Spawns a supervisor and opens its session. @throws SUPERVISOR_DIED, SUPERVISOR_ERROR, STORE_UNWRITABLE, USER_NAMESPACE_REFUSED */
  static async open(options: SupervisorOptions): Promise<Supervisor> {
    const { spawn } = await import("node:child_process");
    const { userNamespace } = options;
    const child = spawn(options.binary, userNamespace ? ["--user-namespace"] : [], {
      argv0: "caisson-supervisor",
      stdio: userNamespace ? ["pipe", "pipe", "pipe", "pipe"] : ["ignore", "ignore", "pipe", "pipe"],
      cwd: "/",
      env: {},
      // A session of its own: Ctrl-C in the terminal is for the test process, which then closes the channel.
      detached: true,
    });
    const problem = lacksPipes(child);
    if (problem) throw supervisorDied((await problem).message, { cause: await problem });
    const supervisor = new Supervisor(child, options);
    try {
      if (userNamespace) await supervisor.#map(userNamespace);
      await supervisor.request(Message.HELLO, (writer) => {
        writer.u64(Tag.VERSION, PROTOCOL_VERSION).text(Tag.PATH, options.sessionDirectory);
        for (const cgroup of options.cgroups) writer.text(Tag.CGROUP, cgroup);
        writer.nested(Tag.PREPARE, (nested) => writePlan(nested, options.prepare));
      });
      supervisor.#directoryFd = openSync(options.sessionDirectory, "r");
      return supervisor;
    } catch (error) {
      await supervisor.close();
      throw error instanceof SupervisorFailure ? openFailure(error, options.sessionDirectory) : error;
    }
  }

  async #map(namespace: UserNamespace): Promise<void> {
    this.retain();
    try {
      await mapUserNamespace(this.#child, namespace, () => this.#stderr);
    } finally {
      this.release();
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Why no request can succeed any more, or undefined. */
  get death(): CaissonError<"SUPERVISOR_DIED"> | undefined {
    return this.#death;
  }

  /**
   * Sends a request and resolves with the fields of its reply.
   *
   * @throws SupervisorFailure when it was refused or failed, SUPERVISOR_DIED, ABORTED
   */
  request(kind: number, fill?: (writer: FieldWriter) => void, options: RequestOptions = {}): Promise<Fields> {
    const { signal, operation = "request", background = false } = options;
    if (this.#death) return Promise.reject(this.#death);
    if (signal?.aborted) return Promise.reject(abortError(operation, signal));
    const id = this.#nextId;
    this.#nextId = id === 0xffff_ffff ? 1 : id + 1;
    options.onId?.(id);
    const writer = new FieldWriter();
    fill?.(writer);
    const reply = new Promise<Fields>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, holds: !background });
      if (!background) this.retain();
      this.#control.write(encodeFrame(id, kind, writer.finish()));
    });
    return signal ? this.#abortable(id, reply, operation, signal) : reply;
  }

  /** Resolves if it lives. @throws SUPERVISOR_DIED */
  async answers(): Promise<void> {
    // There is no such request, of which it takes no more note than of one that has ended.
    await this.request(Message.CANCEL, (writer) => writer.u64(Tag.REQUEST, 0));
  }

  /** Keeps Node alive until {@link release}. */
  retain(): void {
    if (this.#holds++ > 0) return;
    this.#child.ref();
    this.#control.ref();
  }

  release(): void {
    if (--this.#holds > 0) return;
    this.#child.unref();
    this.#control.unref();
  }

  /**
   * A new stream: name the token in a request, then read or write the socket. Half-closing is the end of the data.
   * The connection is there when this returns; errors arrive on the socket.
   */
  openStream(): { readonly token: bigint; readonly socket: Socket } {
    const bytes = randomBytes(8);
    const direct = path.join(this.#sessionDirectory, "stream.sock");
    const address = Buffer.byteLength(direct) <= SOCKET_PATH_MAX ? direct : `/proc/self/fd/${this.#directoryFd}/stream.sock`;
    const socket = new StreamSocket(this.#ended.then(() => this.#death));
    socket.open(address, bytes);
    return { token: bytes.readBigUInt64LE(0), socket };
  }

  /** Ends the session; resolves once nothing of it is left. Idempotent. */
  async close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.#control.end();
    }
    this.retain();
    await this.#ended;
    this.release();
  }

  async #abortable(id: number, reply: Promise<Fields>, operation: string, signal: AbortSignal): Promise<Fields> {
    const cancel = (): void => {
      this.request(Message.CANCEL, (writer) => writer.u64(Tag.REQUEST, id)).catch(() => {});
    };
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await reply;
    } catch (error) {
      throw signal.aborted && error instanceof SupervisorFailure && error.code === "ECANCELED" ? abortError(operation, signal) : error;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  #receive(chunk: Buffer): void {
    this.#received.push(...this.#frames.push(chunk));
    if (!this.#deferred) this.#dispatch();
  }

  /** An event that follows a reply waits until whoever awaited the reply has seen it: a container may exit in the moment it starts. */
  #dispatch(): void {
    this.#deferred = false;
    for (let frame = this.#received.shift(); frame; frame = this.#received.shift()) {
      if (frame.id === 0) {
        this.#event(frame);
        continue;
      }
      this.#reply(frame);
      if (this.#received[0]?.id !== 0) continue;
      this.#deferred = true;
      setImmediate(() => this.#dispatch());
      return;
    }
  }

  #reply({ id, kind, body }: Frame): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    if (pending.holds) this.release();
    const fields = new Fields(body);
    if (kind === Message.OK) pending.resolve(fields);
    else pending.reject(SupervisorFailure.fromReply(fields));
  }

  #event({ kind, body }: Frame): void {
    const fields = new Fields(body);
    if (kind === Message.EV_EXIT) this.emit("exit", fields.text(Tag.ID) ?? "", rawExit(fields), fields.text(Tag.DATA));
    else if (kind === Message.EV_EXEC_EXIT) this.emit("execExit", fields.text(Tag.EXEC_ID) ?? "", rawExit(fields));
    else if (kind === Message.EV_NAME_QUERY) this.emit("nameQuery", fields);
    else if (kind === Message.EV_HOST_REFUSED) this.emit("hostRefused", fields);
    else if (kind === Message.EV_LISTENING) this.emit("listening", fields.u64(Tag.REQUEST) ?? 0, fields.structures(Tag.SOCKET));
  }

  #end(cause: Error | undefined): void {
    if (this.#death) return;
    const { exitCode, signalCode } = this.#child;
    const how = cause ? cause.message : signalCode ? `killed by ${signalCode}` : `exit code ${exitCode}`;
    this.#death = supervisorDied(this.#closing ? "its session was closed" : how, { exitCode, signalCode, stderr: this.#stderr, cause });
    if (this.#directoryFd !== undefined) closeSync(this.#directoryFd);
    this.#control.destroy();
    for (const pending of this.#pending.values()) {
      if (pending.holds) this.release();
      pending.reject(this.#death);
    }
    this.#pending.clear();
    this.emit("end");
  }
}

interface Death {
  readonly exitCode?: number | null;
  readonly signalCode?: NodeJS.Signals | null;
  readonly stderr?: string;
  readonly cause: Error | undefined;
}

function supervisorDied(how: string, { exitCode, signalCode, stderr = "", cause }: Death): CaissonError<"SUPERVISOR_DIED"> {
  return new CaissonError("SUPERVISOR_DIED", `The supervisor is gone: ${how}`, {
    facts: { exitCode: exitCode ?? undefined, signal: signalCode ?? undefined, stderr },
    cause,
    evidence: stderr ? stderr.trimEnd().split("\n") : [],
  });
}

function rawExit(fields: Fields): RawExit {
  const signal = fields.u64(Tag.SIGNAL);
  return signal === undefined ? { exitCode: fields.u64(Tag.EXIT_CODE) ?? 0 } : { signal };
}

function openFailure(failure: SupervisorFailure, directory: string): CaissonError {
  if (failure.code === "ENOSPC") {
    return new CaissonError("DISK_FULL", `No space left for the session directory ${directory}`, {
      facts: { path: directory },
      cause: failure,
    });
  }
  if (["EACCES", "EPERM", "EROFS", "ENOENT"].includes(failure.code) && failure.doing.includes("session")) {
    return new CaissonError("STORE_UNWRITABLE", `The session directory ${directory} can't be made: ${failure.message}`, {
      facts: { path: directory },
      cause: failure,
      remedy: "Set CAISSON_HOME to a directory that this user can write to.",
    });
  }
  return failure.asError("Opening the session");
}
