/**
 * The one family of errors that Caisson throws. Every failure is a {@link CaissonError} with a literal `code`,
 * typed `facts`, the original `cause`, the evidence that was gathered and, where one is known, a remedy.
 *
 * Match on `code`, never on the message. {@link isCaissonError} works across copies of the package
 * (ESM and CommonJS, two versions in one tree), `instanceof` too: instances are branded.
 *
 * docs/errors.md has one heading per code; a test keeps codes, types and documentation equal.
 */

/** What is known about a process that ended. */
export interface ExitFacts {
  /** Exit code; 128 + signal number where a signal ended the process, as shells report it. */
  readonly exitCode: number;
  /** Name of the signal that ended the process, e.g. `"SIGKILL"`. */
  readonly signal?: string | undefined;
  /** True when the kernel's out-of-memory killer was at work in the container's cgroup. */
  readonly oomKilled: boolean;
}

/** The facts that travel with each code. */
export interface ErrorFacts {
  /** An AbortSignal ended the operation; `cause` is the signal's reason. */
  ABORTED: { readonly operation: string };
  /** The Dockerfile asks that what its checks find fails the build (`error=true`), and they found something. */
  BUILD_CHECKS_FAILED: {
    readonly file: string;
    readonly rules: readonly string[];
    readonly warnings: readonly { readonly rule: string; readonly message: string; readonly line: number }[];
  };
  /** A step of a build failed: where it stands, what it ran, how it ended, and the last lines that it printed. */
  BUILD_FAILED: {
    readonly file: string;
    readonly line: number;
    readonly instruction: string;
    readonly command?: string | undefined;
    readonly exitCode?: number | undefined;
    readonly signal?: string | undefined;
    readonly oomKilled?: boolean | undefined;
    readonly output: readonly string[];
  };
  /** The command is there but can't be executed (exit code 126). */
  COMMAND_NOT_EXECUTABLE: { readonly command: string; readonly exitCode: 126; readonly errno: string };
  /** The command is neither a path nor on the container's PATH (exit code 127). */
  COMMAND_NOT_FOUND: { readonly command: string; readonly exitCode: 127; readonly path?: string | undefined };
  /** Compose files that can't be understood, contradict themselves, or ask for what the engine can't do: all of it, and where it stands. */
  COMPOSE_INVALID: {
    readonly problems: readonly {
      readonly file: string;
      readonly line: number;
      readonly column: number;
      /** Of the key: `services.web.ports[0]`. */
      readonly path: string;
      readonly message: string;
    }[];
  };
  /** The container ended while something still waited for it. */
  CONTAINER_EXITED: ExitFacts & {
    readonly containerId: string;
    readonly waitingFor: string;
    readonly steps: readonly string[];
    readonly logTail: readonly string[];
  };
  CONTAINER_NAME_TAKEN: { readonly name: string; readonly containerId: string };
  CONTAINER_NOT_FOUND: { readonly container: string };
  CONTAINER_NOT_PAUSED: { readonly containerId: string; readonly status: string };
  CONTAINER_NOT_RUNNING: { readonly containerId: string; readonly status: string };
  /** The operation needs a container whose processes aren't frozen. */
  CONTAINER_PAUSED: { readonly containerId: string };
  /** The operation needs a container that isn't running. */
  CONTAINER_RUNNING: { readonly containerId: string };
  COPY_FAILED: { readonly path: string; readonly errno?: string | undefined };
  /** A daemon refused a request, or failed at it, in a way that has no code of its own: its words are in the facts. */
  DAEMON_ERROR: { readonly doing: string; readonly status: number; readonly message: string };
  /** A daemon that was spoken to does not answer any more, or the connection broke in the middle of something. */
  DAEMON_UNREACHABLE: { readonly host: string; readonly doing: string; readonly errno?: string | undefined };
  /** Bytes hashed to something else than was promised; nothing of them is kept. */
  DIGEST_MISMATCH: { readonly what: string; readonly expected: string; readonly actual: string };
  DISK_FULL: { readonly path: string };
  /** A Dockerfile that can't be understood, or asks for what is not there: what, and where it stands. */
  DOCKERFILE_INVALID: { readonly file: string; readonly line: number; readonly column?: number | undefined };
  /** No engine can run here: every candidate with the reason it was not chosen. */
  ENGINE_UNAVAILABLE: {
    readonly tried: readonly { readonly engine: string; readonly reason: string; readonly remedy?: string | undefined }[];
  };
  EXEC_FAILED: { readonly containerId: string; readonly command: readonly string[]; readonly errno?: string | undefined };
  IMAGE_ARCHIVE_INVALID: { readonly path?: string | undefined };
  /** A container still uses the image. */
  IMAGE_IN_USE: { readonly reference: string; readonly containers: readonly string[] };
  IMAGE_NOT_FOUND: { readonly reference: string; readonly registry?: string | undefined };
  /** The image exists, but not for this platform. */
  IMAGE_PLATFORM_MISSING: { readonly reference: string; readonly platform: string; readonly available: readonly string[] };
  IMAGE_REFERENCE_INVALID: { readonly reference: string };
  /** A layer's tar stream is malformed or hostile. */
  LAYER_INVALID: { readonly entry?: string | undefined; readonly reason: string };
  NETWORK_ADDRESS_TAKEN: { readonly network: string; readonly address: string };
  NETWORK_ALREADY_CONNECTED: { readonly network: string; readonly containerId: string };
  /** No address is left. */
  NETWORK_FULL: { readonly network: string; readonly subnet: string };
  /** Running containers are on the network. */
  NETWORK_IN_USE: { readonly network: string; readonly containers: readonly string[] };
  NETWORK_NAME_TAKEN: { readonly name: string; readonly networkId?: string | undefined };
  NETWORK_NOT_CONNECTED: { readonly network: string; readonly containerId: string };
  NETWORK_NOT_FOUND: { readonly network: string };
  /** An option has a wrong name, type or value. */
  OPTION_INVALID: { readonly option: string; readonly value: unknown; readonly allowed?: readonly string[] | undefined };
  PATH_NOT_FOUND: { readonly path: string };
  /** Ports below net.ipv4.ip_unprivileged_port_start are root's. */
  PORT_FORBIDDEN: { readonly hostIp: string; readonly hostPort: number };
  PORT_IN_USE: { readonly hostIp: string; readonly hostPort: number };
  PORT_NOT_MAPPED: { readonly port: string; readonly mapped: readonly string[] };
  REGISTRY_ERROR: { readonly registry: string; readonly status?: number | undefined };
  REGISTRY_RATE_LIMITED: { readonly registry: string; readonly retryAfterMs?: number | undefined };
  REGISTRY_UNAUTHORIZED: { readonly registry: string; readonly status: number; readonly credentials: string };
  REGISTRY_UNREACHABLE: { readonly registry: string; readonly attempts: number };
  /** A server has the socket or the data root already: the process, where it is one of ours. */
  SERVER_RUNNING: { readonly what: string; readonly pid: number | undefined };
  /** A service of a Compose project did not become what was waited for: which container, and how it ended. */
  SERVICE_FAILED: {
    readonly service: string;
    readonly container: string;
    readonly waitingFor: string;
    readonly exitCode?: number | undefined;
    readonly health?: string | undefined;
    readonly logTail: readonly string[];
  };
  /** The session that owned this object was closed. */
  SESSION_CLOSED: { readonly what: string };
  /** The container could not be started: which step of the launch failed, and with what; where this host is at fault, doctor's probe that shows it. */
  START_FAILED: {
    readonly containerId: string;
    readonly step: string;
    readonly errno?: string | undefined;
    readonly probe?: string | undefined;
  };
  STORE_CORRUPT: { readonly path: string };
  STORE_UNWRITABLE: { readonly path: string };
  /** The native supervisor ended although it was needed. */
  SUPERVISOR_DIED: { readonly exitCode?: number | undefined; readonly signal?: string | undefined; readonly stderr: string };
  /** The native supervisor refused or could not carry out a request. */
  SUPERVISOR_ERROR: { readonly operation: string; readonly errno?: string | undefined };
  /** The native supervisor's binary is missing or does not fit this version. */
  SUPERVISOR_UNAVAILABLE: { readonly looked: readonly string[] };
  /** This engine, or this host, can't do what was asked. */
  UNSUPPORTED: { readonly engine: string; readonly feature: string };
  /** A running container's limit could not be changed: which file of its cgroup refused what. All limits are as they were. */
  UPDATE_FAILED: { readonly containerId: string; readonly file: string; readonly value: string; readonly errno?: string | undefined };
  /** This user gets no user namespace: the kernel, or what the system gives of ids, forbids it. */
  /** `errno` where the kernel refused it. */
  USER_NAMESPACE_REFUSED: { readonly uid: number; readonly errno?: string | undefined };
  /** Containers have the volume: those of this engine by name; none named, those of another process. */
  VOLUME_IN_USE: { readonly volume: string; readonly containers: readonly string[] };
  /** There is a volume of that name already, made with other labels or options. */
  VOLUME_NAME_TAKEN: { readonly volume: string };
  VOLUME_NOT_FOUND: { readonly volume: string };
  /** A wait strategy saw proof that the service will not become ready. */
  WAIT_FAILED: { readonly waitingFor: string; readonly steps: readonly string[]; readonly logTail: readonly string[] };
  WAIT_TIMEOUT: {
    readonly waitingFor: string;
    readonly timeoutMs: number;
    readonly steps: readonly string[];
    readonly logTail: readonly string[];
  };
}

export type ErrorCode = keyof ErrorFacts;

/** What a {@link CaissonError} is made from. */
export interface ErrorDetails<C extends ErrorCode> {
  readonly facts: ErrorFacts[C];
  readonly cause?: unknown;
  /** Lines printed below the summary: what was tried, the last log lines, what was seen instead. */
  readonly evidence?: readonly string[] | undefined;
  /** What the reader can do about it: one sentence or a command. */
  readonly remedy?: string | undefined;
}

const brand = Symbol.for("caisson.error");

/**
 * An error of Caisson's. `message` is the summary, then the evidence, then the remedy, each on lines of its own;
 * `summary` is the first part alone.
 */
export class CaissonError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name: string = "CaissonError";
  readonly code: C;
  readonly facts: ErrorFacts[C];
  readonly summary: string;
  readonly evidence: readonly string[];
  readonly remedy: string | undefined;
  readonly [brand] = true;

  constructor(code: C, summary: string, details: ErrorDetails<C>) {
    const { facts, cause, evidence = [], remedy } = details;
    super(composeMessage(summary, evidence, remedy), cause === undefined ? undefined : { cause });
    this.code = code;
    this.facts = facts;
    this.summary = summary;
    this.evidence = evidence;
    this.remedy = remedy;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: subclasses inherit this method, and their instances are told apart as usual
    if (this !== CaissonError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === "object" && value !== null && brand in value;
  }
}

/** A method or option that this engine, or this host, can't serve. */
export class UnsupportedError extends CaissonError<"UNSUPPORTED"> {
  override readonly name = "UnsupportedError";

  constructor(engine: string, feature: string, reason: string, remedy?: string) {
    super("UNSUPPORTED", `The ${engine} engine can't serve ${feature}: ${reason}`, { facts: { engine, feature }, remedy });
  }
}

/** True for any error of Caisson's; with a code, narrows to that code's facts. */
export function isCaissonError<C extends ErrorCode = ErrorCode>(value: unknown, code?: C): value is CaissonError<C> {
  return (
    typeof value === "object" && value !== null && brand in value && (code === undefined || (value as { code?: unknown }).code === code)
  );
}

/** The error for an AbortSignal that fired during `operation`. */
export function abortError(operation: string, signal: AbortSignal): CaissonError<"ABORTED"> {
  return new CaissonError("ABORTED", `${operation} was aborted`, { facts: { operation }, cause: signal.reason });
}

/** Throws {@link abortError} when the signal has fired already. */
export function throwIfAborted(operation: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(operation, signal);
}

/** `OPTION_INVALID`, naming option, value and what is allowed. */
export function optionError(option: string, value: unknown, expected: string, allowed?: readonly string[]): CaissonError<"OPTION_INVALID"> {
  return new CaissonError("OPTION_INVALID", `Expected \`${option}\` to be ${expected}, got ${describeValue(value)}`, {
    facts: { option, value, allowed },
    evidence: allowed ? [`Allowed: ${allowed.join(", ")}`] : [],
  });
}

/**
 * Folds runs of equal lines: `["a", "a", "b"]` becomes `["2 × a", "b"]`, so that a wait of a minute reads as a few lines.
 */
export function foldRepeats(lines: readonly string[]): string[] {
  const folded: { line: string; count: number }[] = [];
  for (const line of lines) {
    const last = folded.at(-1);
    if (last?.line === line) last.count++;
    else folded.push({ line, count: 1 });
  }
  return folded.map(({ line, count }) => (count === 1 ? line : `${count} × ${line}`));
}

/** Any error as one line of a report. */
export function errorSummary(error: unknown): { readonly detail: string; readonly remedy?: string | undefined } {
  if (error instanceof CaissonError) return { detail: error.summary, remedy: error.remedy };
  return { detail: error instanceof Error ? error.message : String(error) };
}

function composeMessage(summary: string, evidence: readonly string[], remedy: string | undefined): string {
  const parts = [summary];
  if (evidence.length > 0) parts.push(evidence.join("\n"));
  if (remedy !== undefined) parts.push(`Remedy: ${remedy}`);
  return parts.join("\n");
}

function describeValue(value: unknown): string {
  if (value === undefined) return "undefined";
  try {
    const text = JSON.stringify(value) ?? String(value);
    return `${text.length > 120 ? `${text.slice(0, 117)}...` : text} (${value === null ? "null" : Array.isArray(value) ? "array" : typeof value})`;
  } catch {
    return `a value of type ${typeof value}`;
  }
}
