import { expect, it } from "vitest";
import { expectedUser, programPlaces } from "../../../../../src/engine/builtin/runtime/expected-user.js";
import { parseUserDatabase } from "../../../../../src/engine/builtin/runtime/users.js";

const users = parseUserDatabase("root:x:0:0::/root:/bin/sh\npostgres:x:999:999::/:/bin/sh\n", "");

it.each([
  'exec gosu postgres "$BASH_SOURCE" "$@"',
  "if true; then exec su-exec postgres:postgres $0; fi",
  'exec setpriv --reuid postgres --regid postgres --init-groups -- "$0" "$@"',
  'exec setpriv --clear-groups --reuid=postgres "$0"',
  "exec runuser -u postgres -- $0",
  'exec chroot --userspec=postgres / "$0"',
])("is whom the entry point changes to: %s", (line) => {
  expect(expectedUser(`#!/bin/sh\n${line}\n`, users)).toBe("postgres");
});

it.each(['#!/bin/sh\nexec "$@"', "#!/bin/sh\nexec gosu nobody-here $0", "#!/bin/sh\nexec gosu root $0", "\x7fELF exec gosu postgres"])(
  "is nobody with %j",
  (script) => {
    expect(expectedUser(script, users)).toBeUndefined();
  },
);

it("looks for the program where a shell does", () => {
  expect(programPlaces("run.sh", "/usr/bin:/bin")).toEqual(["usr/bin/run.sh", "bin/run.sh"]);
  expect(programPlaces("/run.sh", "/usr/bin")).toEqual(["run.sh"]);
});
