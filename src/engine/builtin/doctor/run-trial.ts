/** Runs a trial in a child of the supervisor, and says what came of it: which system call failed, with what, and what to do. */
import path from "node:path";
import type { Probe } from "../../diagnosis.js";
import { errorSummary } from "../../errors.js";
import { makeBelow } from "../containers/make-below.js";
import { confinementRemedy } from "../runtime/confinement.js";
import { describeOperation } from "../runtime/describe-operation.js";
import { inUserNamespace } from "../runtime/host-facts.js";
import { readConfinement } from "../runtime/read-confinement.js";
import { type Operation, type Plan, writePlan } from "../supervisor/codec.js";
import { Message, Tag } from "../supervisor/protocol.js";
import type { Supervisor } from "../supervisor/supervisor.js";
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";
import type { Trial, TrialPlace } from "./trials.js";

/** What a sandbox refuses with: EPERM and EACCES, or ENOSYS where a program shall think that the kernel is old. */
const REFUSALS: readonly string[] = ["EPERM", "EACCES", "ENOSYS"];

/** What of a session a trial needs. */
export interface TrialSession extends Pick<TrialPlace, "host" | "cgroups" | "mountpoint"> {
  readonly directory: string;
  readonly supervisor: Supervisor;
}

/** @returns undefined where there is nothing to try it with, `passed`, or why it failed */
async function tried(
  session: TrialSession,
  trial: Trial,
): Promise<"passed" | { readonly error: unknown; readonly plan: Plan } | undefined> {
  const trials = path.join(session.directory, "trials");
  const name = trial.name.replaceAll(/\W+/g, "-");
  const scratch = path.join(trials, name);
  const plan = trial.plan({ ...session, scratch });
  if (plan === undefined) return undefined;
  try {
    await makeBelow(
      trials,
      ["layer", "upper", "work"].map((each) => path.join(name, each)),
    );
    await session.supervisor.request(Message.TRY, (writer) =>
      writer.u64(Tag.CLONE_FLAGS, trial.cloneFlags).nested(Tag.PLAN, (nested) => writePlan(nested, plan)),
    );
    return "passed";
  } catch (error) {
    return { error, plan };
  }
}

export async function runTrial(session: TrialSession, trial: Trial): Promise<Probe> {
  const { name, detail, optional } = trial;
  const instead = trial.instead?.known(session.host) ? trial.instead.words : undefined;
  const result = await tried(session, trial);
  if (result === undefined) return { name, status: "skipped", detail: "not tried: there is nothing to try it with" };
  if (result === "passed") return { name, status: "passed", detail };
  const { error, plan } = result;
  if (!(error instanceof SupervisorFailure)) return { name, status: "failed", ...errorSummary(error) };
  const operation = error.operation === undefined ? undefined : plan[error.operation];
  const step = operation ? `${describeOperation(operation)}: ${error.message}` : error.message;
  return {
    name,
    status: optional || instead !== undefined ? "warning" : "failed",
    detail: instead === undefined ? step : `${step}. ${instead}`,
    remedy: remedyOf(trial, error.code, operation, session),
    errno: error.code,
  };
}

/** Why it fails; undefined where it works, or can't be tried. */
export async function refusalOf(session: TrialSession, trial: Trial): Promise<string | undefined> {
  const result = await tried(session, trial);
  return typeof result === "object" ? (result.error as Error).message : undefined;
}

function remedyOf(trial: Trial, code: string, step: Operation | undefined, { host }: TrialSession): string {
  const facts = readConfinement();
  const confined = REFUSALS.includes(code) ? confinementRemedy(facts, inUserNamespace(host)) : undefined;
  return trial.remedyFor?.(facts, step) ?? confined ?? trial.remedy;
}
