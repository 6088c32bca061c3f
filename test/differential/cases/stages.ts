/** Several stages, ONBUILD, and what is copied between them. */
import type { BuildCase } from "../build-case.js";

export const stages: readonly BuildCase[] = [
  { name: "a file from a stage", dockerfile: "FROM BASE AS a\nRUN echo x > /x\nFROM BASE\nCOPY --from=a /x /y\n" },
  { name: "a file from a stage by number", dockerfile: "FROM BASE\nRUN echo x > /x\nFROM BASE\nCOPY --from=0 /x /y\n" },
  {
    name: "a stage on top of a stage",
    dockerfile: "FROM BASE AS a\nENV e=1\nARG g=2\nWORKDIR /w\nRUN echo x > x\nFROM a\nRUN echo $e$g > y\nCMD z\n",
  },
  {
    name: "a directory from a stage",
    dockerfile:
      "FROM BASE AS a\nRUN mkdir -p /d/e && echo 1 > /d/1 && chmod 600 /d/1 && ln -s 1 /d/l && ln /d/1 /d/h && chown -R 5:6 /d/e\nFROM BASE\nCOPY --from=a /d /c/\n",
  },
  { name: "the root from a stage", dockerfile: "FROM BASE AS a\nRUN echo 1 > /one\nFROM scratch\nCOPY --from=a / /\n" },
  {
    name: "owners and modes from a stage",
    dockerfile:
      "FROM BASE AS a\nRUN touch /f && chown 3:4 /f && chmod 4755 /f && mkdir /d && chmod 1770 /d && chown 9 /d && touch /d/x\nFROM BASE\nCOPY --from=a /f /d /to/\nCOPY --from=a --chown=1:2 /f /to2\n",
  },
  {
    name: "links from a stage",
    dockerfile:
      "FROM BASE AS a\nRUN mkdir /d && echo x > /d/f && ln -s f /d/l && ln -s /d /dl && ln -s /d/f /fl\nFROM BASE\nCOPY --from=a /dl /1/\nCOPY --from=a /fl /2\nCOPY --from=a /dl/f /3\nCOPY --from=a /d/l /4/\n",
  },
  {
    name: "globs from a stage",
    dockerfile:
      "FROM BASE AS a\nRUN mkdir /d && touch /d/a.x /d/b.x /d/c.y && mkdir /d/e.x && touch /d/e.x/in\nFROM BASE\nCOPY --from=a /d/*.x /g/\n",
  },
  {
    name: "special files from a stage",
    dockerfile: "FROM BASE AS a\nRUN mkdir /d && mkfifo /d/fifo && mknod /d/null c 1 3\nFROM BASE\nCOPY --from=a /d /d\n",
  },
  {
    name: "a file that a stage removed",
    dockerfile: "FROM BASE AS a\nRUN mkdir /d && touch /d/1 /d/2\nRUN rm /d/1\nFROM BASE\nCOPY --from=a /d /d\n",
  },
  { name: "an image as a source", dockerfile: "FROM scratch\nCOPY --from=BASE /etc/passwd /p\n" },
  { name: "a target", dockerfile: "FROM BASE AS a\nENV x=a\nFROM BASE AS b\nENV x=b\n", target: "a" },
  { name: "a target in another case", dockerfile: "FROM BASE AS Build\nENV x=a\nFROM BASE AS b\nENV x=b\n", target: "bUILD" },
  { name: "stages that are not needed", dockerfile: "FROM BASE AS broken\nRUN exit 3\nFROM BASE\nRUN echo fine > /f\n" },
  { name: "stage names in another case", dockerfile: "FROM BASE AS Build\nRUN echo 1 > /1\nFROM BASE\nCOPY --from=BUILD /1 /2\n" },
  {
    name: "a name that is used twice",
    dockerfile: "FROM BASE AS a\nRUN echo 1 > /1\nFROM BASE AS a\nRUN echo 2 > /1\nFROM BASE\nCOPY --from=a /1 /x\n",
  },
  {
    name: "ONBUILD of a stage",
    dockerfile: "FROM BASE AS a\nONBUILD RUN echo triggered > /t\nONBUILD ENV o=1\nENV e=1\nFROM a\nRUN cat /t > /t2 && echo $o > /o\n",
  },
  { name: "ONBUILD does not go on", dockerfile: "FROM BASE AS a\nONBUILD RUN echo x >> /t\nFROM a AS b\nFROM b\nRUN echo y >> /t\n" },
  { name: "ONBUILD copies from the context", dockerfile: "FROM BASE AS a\nONBUILD COPY f /f\nFROM a\n", files: { f: "content" } },
  {
    name: "ONBUILD with WORKDIR and ARG",
    dockerfile: "FROM BASE AS a\nONBUILD ARG v=1\nONBUILD WORKDIR /w/$v\nONBUILD RUN echo $v > v\nFROM a\nRUN pwd > p\n",
    buildArgs: { v: "2" },
  },
  {
    name: "ARG scopes",
    dockerfile: "ARG v=global\nFROM BASE AS a\nRUN echo x$v > /1\nFROM BASE\nARG v\nCOPY --from=a /1 /1\nRUN echo x$v > /2\n",
  },
  { name: "ARG of a stage below", dockerfile: "FROM BASE AS a\nARG v=1\nFROM a\nRUN echo x$v > /1\nENV e=x$v\n" },
  {
    name: "a bind mount from a stage",
    dockerfile:
      "FROM BASE AS a\nRUN mkdir /d && echo x > /d/f\nFROM BASE\nRUN --mount=type=bind,from=a,source=/d,target=/m cat /m/f > /got\n",
  },
  {
    name: "a chain of copies",
    dockerfile:
      "FROM BASE AS a\nRUN echo 1 > /1\nFROM BASE AS b\nCOPY --from=a /1 /2\nRUN echo 2 >> /2\nFROM scratch\nCOPY --from=b /2 /3\nENV x=y\n",
  },
  { name: "FROM scratch with directories", dockerfile: "FROM scratch\nCOPY d /a/b/c/\nWORKDIR /w\nCOPY d/f .\n", files: { "d/f": "x" } },
  { name: "platform of FROM", dockerfile: "FROM --platform=$BUILDPLATFORM BASE\nRUN echo x > /x\n" },
];
