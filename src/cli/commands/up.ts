import { constants } from "node:os";
import type { Project, PullPolicy } from "../../compose/model/project.js";
import type { Recreation } from "../../compose/plan/plan-up.js";
import type { UpContainer, UpHost, UpOptions } from "../../compose/run/up.js";
import { CaissonError, optionError } from "../../engine/errors.js";
import { choosesDaemon } from "../../engine/open.js";
import { type Call, defineCommand, type Values } from "../command.js";
import { imageDisplay, statusReport } from "../compose-display.js";
import { PROJECT_OPTIONS, projectFiles, projectOptions, warnings } from "../compose-flags.js";
import type { Foreground } from "../compose-foreground.js";
import { parseNumber } from "../quantities.js";
import { splitAt } from "../split-at.js";
import { UsageError } from "../usage.js";

const OPTIONS = {
  ...PROJECT_OPTIONS,
  detach: { type: "boolean", short: "d", help: "leave the containers to the server, which is started when none runs" },
  build: { type: "boolean", help: "build images that are there already" },
  "no-build": { type: "boolean", help: "build nothing" },
  pull: { type: "string", value: "missing|always|never", help: "when to fetch images, instead of what the file says" },
  "quiet-pull": { type: "boolean", help: "no progress of pulls" },
  wait: { type: "boolean", help: "until all are healthy, or run where they have no health check; implies --detach" },
  "wait-timeout": { type: "string", value: "SECONDS", help: "how long --wait waits at most" },
  "force-recreate": { type: "boolean", help: "replace containers that have not changed" },
  "no-recreate": { type: "boolean", help: "leave containers that have changed" },
  "renew-anon-volumes": { type: "boolean", short: "V", help: "give containers that are replaced new anonymous volumes" },
  "remove-orphans": { type: "boolean", help: "remove containers of services that are not in the file any more" },
  scale: { type: "string", multiple: true, value: "SERVICE=NUMBER", help: "so many containers of a service" },
  "no-deps": { type: "boolean", help: "without the services that the named ones need" },
  "no-start": { type: "boolean", help: "make containers without starting them" },
  timeout: { type: "string", short: "t", value: "SECONDS", help: "grace of containers that are stopped; default: their own" },
  "abort-on-container-exit": { type: "boolean", help: "stop all when the first one ends" },
  "exit-code-from": { type: "string", value: "SERVICE", help: "return its exit code; implies --abort-on-container-exit" },
  "no-color": { type: "boolean", help: "no colours" },
  "no-log-prefix": { type: "boolean", help: "lines of logs as they are" },
} as const;

type UpValues = Values<typeof OPTIONS>;

export const up = defineCommand({
  name: "up",
  summary: "Bring up the services of a Compose file",
  operands: "[SERVICE...]",
  least: 0,
  most: Number.POSITIVE_INFINITY,
  handlesSignals: true,
  options: OPTIONS,
  refuses: {
    "always-recreate-deps": "name the services with --force-recreate",
    "abort-on-container-failure": "--abort-on-container-exit, whose exit code tells",
    attach: "`attach: false` of a service keeps its log out",
    "attach-dependencies": "--no-deps or not says what is brought up",
    dependencies: "--no-deps leaves them out",
    menu: "there is none",
    timestamps: "caisson logs --timestamps",
    watch: "nothing is rebuilt by itself",
    yes: "nothing is asked",
  },
  async run(call) {
    const { values, operands, terminal, environment } = call;
    const options = upOptions(values, operands);
    const patience = values["wait-timeout"] === undefined ? undefined : parseNumber("wait-timeout", values["wait-timeout"]);
    const { loadProject } = await import("../../compose/index.js");
    const project = await loadProject({ ...projectOptions(values, environment), wanted: operands }, projectFiles(terminal));
    checkExitService(project, values["exit-code-from"]);
    const interrupt = interruptions(terminal, !isDetached(values));
    const warn = warnings(call);
    for (const warning of project.warnings) warn(warning);
    const display = imageDisplay(terminal, values["quiet-pull"] ?? false);
    try {
      const engine = await call.lasting();
      const report = statusReport(terminal);
      const shown = isDetached(values) || options.noStart ? undefined : await showLogs(call, project, engine, report, options.timeoutMs);
      const host: UpHost = {
        engine,
        builder: async () => ((await buildsElsewhere(environment)) ? engine : await call.engine()).images,
        report,
        warn,
        ...display,
        signal: interrupt.signal,
        running: shown?.running,
      };
      return await untilDone({ project, options, host, shown, patience: values.wait ? { seconds: patience } : undefined, interrupt });
    } finally {
      display.finish();
      interrupt.stop();
    }
  },
});

interface Work {
  readonly project: Project;
  readonly options: UpOptions;
  readonly host: UpHost;
  readonly shown: Foreground | undefined;
  /** Wait until all is ready. */
  readonly patience: { readonly seconds: number | undefined } | undefined;
  readonly interrupt: Interruptions;
}

async function untilDone({ project, options, host, shown, patience, interrupt }: Work): Promise<number> {
  const { up: bringUp } = await import("../../compose/index.js");
  try {
    const containers = await bringUp(project, options, host);
    if (patience) await waitForAll(project, containers, host, patience.seconds);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    await shown?.stop(interrupt.force);
    return interrupt.exitCode;
  }
  if (!shown) return 0;
  const code = await shown.untilEnd(interrupt.signal);
  if (!interrupt.signal.aborted) return code;
  await shown.stop(interrupt.force);
  return interrupt.exitCode;
}

async function waitForAll(project: Project, containers: readonly UpContainer[], host: UpHost, seconds: number | undefined): Promise<void> {
  const { untilAllReady } = await import("../../compose/index.js");
  if (seconds === undefined) return untilAllReady(project, containers, host);
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), seconds * 1000);
  try {
    await untilAllReady(project, containers, { ...host, signal: AbortSignal.any([host.signal, deadline.signal]) });
  } catch (error) {
    if (!deadline.signal.aborted || host.signal.aborted) throw error;
    const waiting = containers.map(({ name }) => name);
    throw new CaissonError("WAIT_TIMEOUT", `The project ${project.name} was not ready after ${seconds} s`, {
      facts: { waitingFor: waiting.join(", "), timeoutMs: seconds * 1000, steps: [], logTail: [] },
      cause: error,
      remedy: "`caisson ps` and `caisson logs` tell what keeps them; --wait-timeout gives them more time.",
    });
  } finally {
    clearTimeout(timer);
  }
}

function isDetached({ detach, wait }: UpValues): boolean {
  return (detach ?? false) || (wait ?? false);
}

/** A daemon builds what it runs; the server of this user shares the store of this process, which knows more of BuildKit's language. */
async function buildsElsewhere(environment: NodeJS.ProcessEnv): Promise<boolean> {
  return (environment["DOCKER_HOST"] !== undefined && environment["CAISSON_ENGINE"] !== "builtin") || choosesDaemon(environment);
}

async function showLogs(
  { values, terminal, environment }: Call<typeof OPTIONS>,
  project: Project,
  engine: UpHost["engine"],
  report: UpHost["report"],
  timeoutMs: number | undefined,
): Promise<Foreground> {
  const { foreground } = await import("../compose-foreground.js");
  return foreground({
    engine,
    project,
    terminal,
    report,
    coloured: terminal.stdout.isTTY === true && !values["no-color"] && !environment["NO_COLOR"],
    prefixed: !values["no-log-prefix"],
    abortOnExit: (values["abort-on-container-exit"] ?? false) || values["exit-code-from"] !== undefined,
    exitCodeFrom: values["exit-code-from"],
    timeoutMs,
  });
}

/** @throws UsageError, OPTION_INVALID */
function upOptions(values: UpValues, services: readonly string[]): UpOptions {
  const { pull, timeout } = values;
  const [always, never] = [values["force-recreate"] ?? false, values["no-recreate"] ?? false];
  if (always && never) throw new UsageError("--force-recreate and --no-recreate exclude each other");
  if (values.build && values["no-build"]) throw new UsageError("--build and --no-build exclude each other");
  if (isDetached(values) && (values["abort-on-container-exit"] || values["exit-code-from"]))
    throw new UsageError("--abort-on-container-exit and --exit-code-from are for the foreground");
  const policies: readonly PullPolicy[] = ["missing", "always", "never"];
  const policy = policies.find((each) => each === pull);
  if (pull !== undefined && policy === undefined) throw optionError("--pull", pull, "when to fetch images", policies);
  const recreate: Recreation = always ? "always" : never ? "never" : "changed";
  return {
    services,
    noDeps: values["no-deps"] ?? false,
    recreate,
    renewVolumes: values["renew-anon-volumes"] ?? false,
    removeOrphans: values["remove-orphans"] ?? false,
    scales: Object.fromEntries((values.scale ?? []).map(scaleOf)),
    timeoutMs: timeout === undefined ? undefined : parseNumber("timeout", timeout) * 1000,
    noStart: values["no-start"] ?? false,
    build: values.build ?? false,
    noBuild: values["no-build"] ?? false,
    pull: policy,
  };
}

function scaleOf(text: string): [string, number] {
  const [service, number] = splitAt(text, "=");
  const count = parseNumber("scale", number);
  if (service === "" || !Number.isInteger(count) || count < 0)
    throw new UsageError(`--scale takes SERVICE=NUMBER, not ${JSON.stringify(text)}`);
  return [service, count];
}

function checkExitService(project: Project, service: string | undefined): void {
  if (service === undefined || project.services.has(service)) return;
  throw optionError("--exit-code-from", service, "a service of the project", [...project.services.keys()]);
}

interface Interruptions {
  readonly signal: AbortSignal;
  /** The user has no patience left. */
  readonly force: AbortSignal;
  readonly exitCode: number;
  stop(): void;
}

/** The first signal stops what runs as it wants to be stopped, the second one by force. */
function interruptions({ stderr }: Call["terminal"], foregrounded: boolean): Interruptions {
  const [first, second] = [new AbortController(), new AbortController()];
  let exitCode = 0;
  const receive = (signal: NodeJS.Signals): void => {
    if (first.signal.aborted) {
      second.abort();
      return;
    }
    exitCode = 128 + constants.signals[signal];
    if (foregrounded) stderr.write("Gracefully stopping... (press Ctrl+C again to force)\n");
    first.abort(new Error(`Interrupted by ${signal}`));
  };
  process.on("SIGINT", receive).on("SIGTERM", receive);
  return {
    signal: first.signal,
    force: second.signal,
    get exitCode() {
      return exitCode;
    },
    stop() {
      process.off("SIGINT", receive).off("SIGTERM", receive);
    },
  };
}
