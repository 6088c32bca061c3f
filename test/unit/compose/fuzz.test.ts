/** Whatever a Compose file says, it is a project or a list of problems. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { isCaissonError } from "../../../src/engine/errors.js";
import { projectOf } from "./project.js";

const KEYS = [
  ...["services", "networks", "volumes", "configs", "secrets", "include", "name", "extends", "file", "service", "web", "db", "default"],
  ...["image", "build", "context", "args", "secrets", "command", "entrypoint", "environment", "env_file", "path", "ports", "target"],
  ...[
    "published",
    "expose",
    "volumes",
    "type",
    "source",
    "bind",
    "tmpfs",
    "networks",
    "aliases",
    "network_mode",
    "depends_on",
    "condition",
  ],
  ...["healthcheck", "test", "interval", "disable", "labels", "restart", "deploy", "resources", "limits", "replicas", "logging", "options"],
  ...[
    "ulimits",
    "nofile",
    "soft",
    "devices",
    "extra_hosts",
    "profiles",
    "external",
    "ipam",
    "config",
    "subnet",
    "<<",
    "x-own",
    "__proto__",
    "",
  ],
];
const WORDS = [
  "web",
  "db",
  "80",
  "8080:80",
  "./x:/y",
  "data:/d",
  "$A",
  "${A:?b}",
  "1s",
  "64m",
  "service:web",
  "A=b",
  "true",
  "'",
  "/",
  "no",
];

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.constantFrom(...WORDS, null, true, 0, 1.5, -1),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie("value"), { maxKeys: 4 }),
  ),
}));

async function isUnderstood(base: string, over: string): Promise<boolean> {
  const files = { "compose.yaml": base, "compose.override.yaml": over };
  return projectOf(files).then(
    () => true,
    (error: unknown) => {
      expect(isCaissonError(error), String((error as Error).stack)).toBe(true);
      return true;
    },
  );
}

it("of known keys and any values, in two files", async () => {
  const service = fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 6 });
  const file = fc.record({ services: fc.record({ web: service, db: service }) });
  await fc.assert(
    fc.asyncProperty(file, value, (base, over) => isUnderstood(JSON.stringify(base), JSON.stringify(over))),
    { numRuns: 500 },
  );
}, 60_000);

it("of any text", async () => {
  const piece = fc.constantFrom(
    ...KEYS,
    ...WORDS,
    ": ",
    "\n",
    "\n  ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!reset ",
    "!override ",
    "---\n",
    "#",
    '"',
    "|\n",
  );
  const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));
  await fc.assert(fc.asyncProperty(text, text, isUnderstood), { numRuns: 500 });
}, 60_000);
