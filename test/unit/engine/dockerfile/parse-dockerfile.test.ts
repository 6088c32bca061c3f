import { expect, it } from "vitest";
import { parseDockerfile } from "../../../../src/engine/dockerfile/parse-dockerfile.js";
import { isCaissonError } from "../../../../src/engine/errors.js";

const parse = (text: string) => parseDockerfile("Dockerfile", text);
const body = (text: string) => parse(`FROM x\n${text}`).stages[0]?.instructions ?? [];
const only = (text: string) => body(text)[0];

function problem(text: string) {
  try {
    parse(text);
  } catch (error) {
    if (isCaissonError(error, "DOCKERFILE_INVALID")) return { line: error.facts.line, message: error.message };
    throw error;
  }
  throw new Error("it was accepted");
}

it("reads directives at the top only, and obeys the escape character", () => {
  const { directives, stages } = parse(
    "# syntax=docker/dockerfile:1\n#ESCAPE = `\n# check=skip=all\n\n# escape=\\\nFROM a\nRUN b `\n  c:\\d\n",
  );
  expect(directives).toEqual({ escapeCharacter: "`", syntax: "docker/dockerfile:1", check: { text: "skip=all", line: 3 } });
  expect(stages[0]?.instructions[0]).toMatchObject({ keyword: "RUN", command: { shell: true, words: ["b   c:\\d"] }, line: 7, endLine: 8 });
});

it("joins continuations, over comments and empty lines", () => {
  expect(only("RUN a \\\n# comment\n\n   && b \\  \n  && c")).toMatchObject({
    command: { words: ["a    && b   && c"] },
    line: 2,
    endLine: 6,
  });
  expect(only("RUN echo \\\\")).toMatchObject({ command: { words: ["echo \\\\"] } });
});

it("knows shell and exec form, and takes broken JSON for the shell's", () => {
  expect(only('RUN ["a", "b c"]')).toMatchObject({ command: { shell: false, words: ["a", "b c"] } });
  expect(only("RUN [ -f x ]")).toMatchObject({ command: { shell: true, words: ["[ -f x ]"] } });
  expect(only('CMD ["a",]')).toMatchObject({ command: { shell: true } });
});

it("reads here-documents, several a line, quoted, with tabs", () => {
  const copy = only('COPY <<one <<-"two" /dir/\n$a\none\n\tb\n\ttwo\nRUN x');
  expect(copy).toMatchObject({
    destination: "/dir/",
    heredocs: [
      { name: "one", content: "$a\n", expand: true, chomp: false },
      { name: "two", content: "\tb\n", expand: false, chomp: true },
    ],
  });
  expect(body("RUN <<EOF\na\nEOF\nRUN cat <<A - <<B\n1\nA\n2\nB")).toMatchObject([
    { heredocs: [{ name: "EOF", content: "a\n" }] },
    { heredocs: [{ name: "A" }, { name: "B", content: "2\n" }] },
  ]);
});

it("reads names with values, the legacy form too", () => {
  expect(only('ENV a=b c=\'d e\' f="g\\" h" i=j\\ k l=')).toMatchObject({
    pairs: [
      { name: "a", value: "b" },
      { name: "c", value: "'d e'" },
      { name: "f", value: '"g\\" h"' },
      { name: "i", value: "j\\ k" },
      { name: "l", value: "" },
    ],
  });
  expect(only("ENV a  b c=d ")).toMatchObject({ pairs: [{ name: "a", value: "b c=d", legacy: true }] });
  expect(only("ARG a b=c d='e f'")).toMatchObject({ args: [{ name: "a" }, { name: "b", value: "c" }, { name: "d", value: "'e f'" }] });
});

it("reads flags", () => {
  expect(only("COPY --from=x --chown='a:b' --chmod=755 --link --parents=false --exclude=*.md --exclude=b c d")).toMatchObject({
    from: "x",
    chown: "a:b",
    chmod: "755",
    link: true,
    parents: false,
    exclude: ["*.md", "b"],
    sources: ["c"],
    destination: "d",
  });
  expect(only("RUN --mount=type=cache,target=/x --mount=type=tmpfs,target=/y --network=none -- --version")).toMatchObject({
    mounts: ["type=cache,target=/x", "type=tmpfs,target=/y"],
    network: "none",
    command: { words: ["--version"] },
  });
  expect(only("HEALTHCHECK --interval=1m30s --timeout=500ms --retries=3 --start-period=0s CMD curl x")).toMatchObject({
    test: ["CMD-SHELL", "curl x"],
    intervalMs: 90_000,
    timeoutMs: 500,
    retries: 3,
    startPeriodMs: undefined,
  });
  expect(parse("ARG v=1\nFROM --platform=linux/amd64 a:$v As B").stages[0]?.from).toMatchObject({
    image: "a:$v",
    name: "b",
    platform: "linux/amd64",
  });
  expect(only("ONBUILD RUN --mount=type=cache,target=/x <<E\na\nE")).toMatchObject({
    expression: "RUN --mount=type=cache,target=/x <<E\na\nE",
  });
});

it.each([
  ["", 1, "empty"],
  ["# only a comment\n", 1, "empty"],
  ["RUN x", 1, "RUN before FROM"],
  ["FROM a\nFORM b", 2, "unknown instruction: FORM"],
  ["FROM a\nRUN --mounts=x y", 2, "unknown flag: --mounts"],
  ["FROM a\nCOPY --form=x a b", 2, "Did you mean --from?"],
  ["FROM a\nUSER --x=y z", 2, "unknown flag: --x"],
  ["FROM a\nCOPY --chown a b", 2, "missing a value on flag: --chown"],
  ["FROM a\nCOPY --link=maybe a b", 2, "expecting boolean value"],
  ["FROM a\nCOPY --from=x --from=y a b", 2, "duplicate flag"],
  ["FROM a\n\nCOPY a", 3, "COPY requires at least two arguments"],
  ["FROM", 1, "one or three arguments"],
  ["FROM a b", 1, "one or three arguments"],
  ["FROM a AS 1x", 1, "invalid name for build stage"],
  ["FROM a\nENV", 2, "ENV requires at least one argument"],
  ["FROM a\nENV x", 2, "ENV must have two arguments"],
  ["FROM a\nENV a=b c", 2, 'can\'t find = in "c"'],
  ["FROM a\nENV =b", 2, "can not be blank"],
  ["FROM a\nCMD [1]", 2, "arrays must be comprised of strings only"],
  ["FROM a\nSHELL /bin/sh", 2, "JSON form"],
  ["FROM a\nRUN <<EOF\nx\n", 2, "unterminated heredoc: EOF"],
  ["FROM a\nCOPY x <<EOF\nEOF", 2, "heredoc as a destination"],
  ["FROM a\nHEALTHCHECK", 2, "at least one argument"],
  ["FROM a\nHEALTHCHECK NONE x", 2, "takes no arguments"],
  ["FROM a\nHEALTHCHECK --interval=5 CMD x", 2, "invalid duration for --interval: 5"],
  ["FROM a\nONBUILD ONBUILD RUN x", 2, "chaining ONBUILD"],
  ["FROM a\nONBUILD FROM x", 2, "FROM isn't allowed"],
  ["FROM a\nWORKDIR", 2, "exactly one argument"],
  ["FROM a\nRUN --network=bridge x", 2, "Allowed: default, none, host"],
  ["# escape=x\nFROM a", 1, "invalid escape directive"],
  ["# escape=`\n# escape=`\nFROM a", 2, "only one escape"],
])("%j: line %i, %s", (text, line, message) => {
  const found = problem(text);
  expect(found.line).toBe(line);
  expect(found.message).toContain(message);
  expect(found.message).toContain(`Dockerfile:${line}`);
});
