/** Where daemons listen when nobody says: the sockets of Docker, Podman and the products that wrap them. Pure. */
import path from "node:path";

export interface UserFacts {
  readonly platform: NodeJS.Platform;
  /** Undefined on Windows. */
  readonly uid: number | undefined;
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
}

export interface WellKnownSocket {
  readonly origin: string;
  readonly path: string;
}

/** In the order in which they are tried; none twice. */
export function wellKnownSockets(facts: UserFacts): readonly WellKnownSocket[] {
  const sockets = facts.platform === "win32" ? windowsPipes() : unixSockets(facts);
  return sockets.filter(({ path: socket }, index) => sockets.findIndex((other) => other.path === socket) === index);
}

function windowsPipes(): readonly WellKnownSocket[] {
  const pipe = (origin: string, name: string): WellKnownSocket => ({ origin, path: `\\\\.\\pipe\\${name}` });
  return [
    pipe("Docker", "docker_engine"),
    pipe("Docker Desktop", "dockerDesktopLinuxEngine"),
    pipe("Podman machine", "podman-machine-default"),
  ];
}

function unixSockets({ platform, uid, home, environment }: UserFacts): readonly WellKnownSocket[] {
  const at = (origin: string, ...parts: string[]): WellKnownSocket => ({ origin, path: path.posix.join(...parts) });
  const config = environment["XDG_CONFIG_HOME"] || path.posix.join(home, ".config");
  const data = environment["XDG_DATA_HOME"] || path.posix.join(home, ".local", "share");
  const machine = [data, "containers", "podman", "machine"];
  const runtime = runtimeDirectories(platform, uid, environment);
  return [
    at("Docker", "/var/run/docker.sock"),
    ...runtime.map((directory) => at("rootless Docker", directory, "docker.sock")),
    at("Docker Desktop", home, ".docker", "run", "docker.sock"),
    at("Docker Desktop", home, ".docker", "desktop", "docker.sock"),
    ...runtime.map((directory) => at("rootless Podman", directory, "podman", "podman.sock")),
    ...(platform === "linux" ? [at("Podman", "/run/podman/podman.sock")] : []),
    ...(environment["COLIMA_HOME"] ? [at("Colima", environment["COLIMA_HOME"], "default", "docker.sock")] : []),
    at("Colima", home, ".colima", "default", "docker.sock"),
    at("Colima", config, "colima", "default", "docker.sock"),
    at("OrbStack", home, ".orbstack", "run", "docker.sock"),
    at("Rancher Desktop", home, ".rd", "docker.sock"),
    ...(environment["TMPDIR"] ? [at("Podman machine", environment["TMPDIR"], "podman", "podman-machine-default-api.sock")] : []),
    at("Podman machine", ...machine, "podman.sock"),
    at("Podman machine", ...machine, "podman-machine-default", "podman.sock"),
    at("Podman machine", ...machine, "qemu", "podman.sock"),
  ];
}

/** systemd's directory stands in where nobody set XDG_RUNTIME_DIR, as under cron and sudo. */
function runtimeDirectories(platform: NodeJS.Platform, uid: number | undefined, environment: NodeJS.ProcessEnv): readonly string[] {
  const named = environment["XDG_RUNTIME_DIR"];
  const usual = platform === "linux" && uid !== undefined ? [`/run/user/${uid}`] : [];
  return named ? [named, ...usual] : usual;
}
