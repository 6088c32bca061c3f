/** `POST /containers/{id}/exec` and `GET /exec/{id}/json`. Pure. */
import type { ExecSpec } from "../engine.js";

export interface ExecJson {
  readonly ID: string;
  readonly ContainerID?: string;
  readonly Running: boolean;
  /** Null until it has ended. */
  readonly ExitCode: number | null;
  /** As the host sees it; 0 before the start. */
  readonly Pid?: number;
  readonly CanRemove?: boolean;
}

/** @param detachKeys empty for the daemon's own: it has no word for none */
export function execBody(spec: ExecSpec, detachKeys: string | undefined): Readonly<Record<string, unknown>> {
  const { command, env, workingDir, user, tty = false, stdin = false, privileged } = spec;
  return {
    AttachStdin: stdin,
    AttachStdout: true,
    AttachStderr: !tty,
    Tty: tty,
    DetachKeys: detachKeys,
    Cmd: command,
    Env: env && Object.entries(env).map(([name, value]) => `${name}=${value}`),
    WorkingDir: workingDir,
    User: user,
    Privileged: privileged,
  };
}
