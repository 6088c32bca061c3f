/** `login` and `logout`: credentials for registries, tried, and kept where docker keeps its own. */
import { text } from "node:stream/consumers";
import { registryHost } from "../../engine/docker-api/registry-auth.js";
import type { RegistryAuth } from "../../engine/engine.js";
import { isCaissonError } from "../../engine/errors.js";
import { type Call, defineCommand } from "../command.js";
import { printLine } from "../terminal.js";
import { UsageError } from "../usage.js";

const OPTIONS = {
  username: { type: "string", short: "u", value: "NAME", help: "user name; asked for where it is missing" },
  password: { type: "string", short: "p", value: "PASSWORD", help: "password or token, for every process of this host to see" },
  "password-stdin": { type: "boolean", help: "read the password from the standard input" },
} as const;

const SERVER = { operands: "[SERVER]", least: 0, most: 1 } as const;
/** Docker Hub, as docker tells of it. */
const DOCKER_HUB = "https://index.docker.io/v1/";

export const login = defineCommand({
  name: "login",
  summary: "Have a registry check credentials, and keep them for later: of Docker Hub, or of SERVER",
  ...SERVER,
  options: OPTIONS,
  async run(call) {
    const { operands, terminal, environment } = call;
    checkFlags(call);
    const registry = registryHost(operands[0] ?? "");
    if (await isKnown(call, registry)) {
      printLine(terminal, "Login Succeeded");
      return 0;
    }
    const auth = await asked(call);
    await check(call, registry, auth);
    const { keepCredentials } = await import("../../engine/docker-config/keep-credentials.js");
    const { helper, file } = await keepCredentials(registry, auth, environment);
    if (helper === undefined)
      terminal.stderr.write(
        `WARNING! Your credentials are stored unencrypted in '${file}'.\nName a credential helper there, as "credsStore" or in "credHelpers", to have them kept by it.\n`,
      );
    if (environment["DOCKER_AUTH_CONFIG"]) terminal.stderr.write("WARNING! DOCKER_AUTH_CONFIG is set, and counts instead of that file.\n");
    printLine(terminal, "Login Succeeded");
    return 0;
  },
});

export const logout = defineCommand({
  name: "logout",
  summary: "Forget the credentials for Docker Hub, or for SERVER",
  ...SERVER,
  options: {},
  async run({ operands: [server], terminal, environment }) {
    const registry = registryHost(server ?? "");
    printLine(terminal, `Removing login credentials for ${registry === "docker.io" ? DOCKER_HUB : registry}`);
    const { forgetCredentials } = await import("../../engine/docker-config/keep-credentials.js");
    await forgetCredentials(registry, environment);
    return 0;
  },
});

type LoginCall = Call<typeof OPTIONS>;

/** @throws UsageError */
function checkFlags({ values, terminal }: LoginCall): void {
  if (values.password !== undefined && values["password-stdin"])
    throw new UsageError("login: --password and --password-stdin can't be together");
  if (values["password-stdin"] && !values.username) throw new UsageError("login: --password-stdin needs --username");
  if (values.password !== undefined) terminal.stderr.write("WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n");
}

async function check({ engine, signal }: LoginCall, registry: string, auth: RegistryAuth): Promise<void> {
  await (await engine()).images.login(registry, auth, { signal });
}

/** Whether what is kept already will do, where no flag says otherwise. */
async function isKnown(call: LoginCall, registry: string): Promise<boolean> {
  const { values, terminal, environment } = call;
  if (values.username !== undefined || values.password !== undefined) return false;
  const { findCredentials } = await import("../../engine/docker-config/credentials.js");
  const { auth } = await findCredentials(registry, environment);
  if (!auth) return false;
  terminal.stderr.write("Authenticating with existing credentials...\n");
  try {
    await check(call, registry, auth);
    return true;
  } catch (error) {
    if (!terminal.stdin.isTTY || !isCaissonError(error, "REGISTRY_UNAUTHORIZED")) throw error;
    terminal.stderr.write(`${error.summary}\n`);
    return false;
  }
}

/** @throws UsageError where there is nobody to ask */
async function asked({ values, terminal }: LoginCall): Promise<RegistryAuth> {
  if (values["password-stdin"])
    return { username: values.username, password: (await text(terminal.stdin)).replace(/\n$/, "").replace(/\r$/, "") };
  const { ask, askSecret } = await import("../ask.js");
  const interactive = terminal.stdin.isTTY ?? false;
  if (!interactive && (values.username === undefined || values.password === undefined))
    throw new UsageError("login: the standard input is no terminal to ask on: use --username and --password-stdin");
  const username = values.username ?? (await ask(terminal, "Username: "));
  const password = values.password ?? (await askSecret(terminal, "Password: "));
  if (username === "" || password === "") throw new UsageError(`login: a ${username === "" ? "user name" : "password"} is needed`);
  return { username, password };
}
