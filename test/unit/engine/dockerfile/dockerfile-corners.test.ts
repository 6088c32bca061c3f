/** Where BuildKit's parser is more forgiving, or more literal, than its reference. */
import { expect, it } from "vitest";
import { parseDockerfile } from "../../../../src/engine/dockerfile/parse-dockerfile.js";

const only = (text: string) => parseDockerfile("Dockerfile", `FROM x\n${text}`).stages[0]?.instructions[0];

it.each([
  ['CMD ["a"] b', ["a"]],
  ['CMD ["a]", "b\\"]"] # c', ["a]", 'b"]']],
  ['CMD ["a"]["b"]', ["a"]],
])("%s: what comes after a list counts for nothing", (text, words) => {
  expect(only(text)).toMatchObject({ command: { shell: false, words } });
});

it.each(["RUN [ -f x ] && y", "RUN [[ -f x ]] && y", 'RUN ["a" = "b"]', 'RUN ["a", "b"'])("%s is for the shell", (text) => {
  expect(only(text)).toMatchObject({ command: { shell: true } });
});

it("here-documents keep their carriage returns, everything else loses them", () => {
  expect(only("COPY <<E /x\r\na\r\n\r\nE\r\nRUN y\r\n")).toMatchObject({
    destination: "/x",
    heredocs: [{ name: "E", content: "a\r\n\r\n" }],
  });
  expect(only("RUN a \\\r\n  b\r\n")).toMatchObject({ command: { words: ["a   b"] } });
});
