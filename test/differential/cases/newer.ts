/** Here-documents, --link, --chmod, archives: what the language has had since 2021. */
import type { BuildCase, ContextFile } from "../build-case.js";

type Files = Readonly<Record<string, ContextFile>>;
const one = (name: string, dockerfile: string, files: Files = {}, more: Partial<BuildCase> = {}): BuildCase => ({
  name,
  dockerfile: `FROM BASE\n${dockerfile}\n`,
  files,
  ...more,
});

export const newer: readonly BuildCase[] = [
  one("RUN with a here-document", 'RUN <<EOF\necho a > /a\necho "$HOME" > /b\nEOF'),
  one("RUN with a quoted here-document", "ARG v=1\nRUN <<'EOF'\necho $v > /a\nEOF"),
  one("RUN with a here-document of tabs", "RUN <<-EOF\n\techo a > /a\n\t\techo b > /b\n\tEOF"),
  one("RUN with a script of its own", "RUN <<EOF\n#!/bin/sh -x\necho $0 > /a\nEOF"),
  one("RUN with a here-document as input", "RUN cat <<A > /a && cat <<B > /b\none\nA\ntwo\nB"),
  one("RUN fails within a here-document but goes on", "RUN <<EOF\nfalse\necho fine > /f\nEOF"),
  one("COPY of a here-document", "COPY <<EOF /x\nhello\n  world\nEOF"),
  one("COPY of a here-document expands", "ARG v=1\nENV w=2\nCOPY <<EOF /x\n$v ${w} \\$v ${none:-d} 'q' \"r\"\nEOF"),
  one("COPY of a quoted here-document does not", "ENV w=2\nCOPY <<'EOF' /x\n$w \\$w\nEOF"),
  one("COPY of several here-documents", "COPY <<one <<-two /d/\n1\none\n\t2\ntwo"),
  one("COPY of a here-document and files", "COPY f <<two /d/\n2\ntwo", { f: "1" }),
  one("COPY of a here-document with --chmod and --chown", "COPY --chmod=755 --chown=app:extra <<EOF /bin/x\n#!/bin/sh\nEOF"),
  one("ADD of a here-document", "ADD <<EOF /d/\nx\nEOF"),
  one("an empty here-document", "COPY <<EOF /x\nEOF"),
  one("ONBUILD with a here-document", "ONBUILD RUN <<EOF\necho x > /x\nEOF"),
  { name: "ONBUILD with a here-document, triggered", dockerfile: "FROM BASE AS a\nONBUILD RUN <<EOF\necho x > /x\nEOF\nFROM a\n" },
  one("--link", "COPY --link f /d/e/", { f: "1" }),
  one("--link of a directory", "COPY --link d /x", { "d/f": "1", "d/s/g": "2" }),
  one("--link over a file", "RUN echo old > /f\nCOPY --link f /f", { f: "new" }),
  one("--link with --chown and --chmod", "COPY --link --chown=3:4 --chmod=600 f /d/", { f: "1" }),
  { name: "--link from a stage", dockerfile: "FROM BASE AS a\nRUN mkdir /d && echo x > /d/f\nFROM BASE\nCOPY --link --from=a /d /e\n" },
  one("--chmod of a directory", "COPY --chmod=750 d /x", { "d/f": "1", "d/s/g": { content: "2", mode: 0o755 }, "d/l": { link: "f" } }),
  one("a here-document that looks like another", "RUN <<EOF\ncat <<X > /a\ny\nX\nEOF"),
  one("a shell operator that is no here-document", "RUN echo $((1<<2)) > /x"),
  one("a string with a here-document's sign", "RUN echo 'a <<EOF b' > /x"),
];
