import { describe, expect, it } from "vitest";
import { parseDockerfile } from "../../../../../src/engine/dockerfile/parse-dockerfile.js";
import type { BuildEvent } from "../../../../../src/engine/engine.js";
import { builderFailure } from "../../../../../src/engine/remote/builds/build-failure.js";
import { BuildReport } from "../../../../../src/engine/remote/builds/build-report.js";
import type { BuildPlan } from "../../../../../src/engine/remote/builds/build-source.js";
import { ClassicLog } from "../../../../../src/engine/remote/builds/classic/classic-log.js";
import { instructionOfVertex } from "../../../../../src/engine/remote/builds/find-instruction.js";

const text = "ARG v=1\nFROM busybox AS one\nENV A=b\nRUN make\nFROM one\nCOPY a /a\nRUN test\n";
const dockerfile = parseDockerfile("Dockerfile", text);
const plan: BuildPlan = { dockerfile, target: 1, text, images: [{ reference: "busybox", instruction: dockerfile.stages[0]!.from }] };

function told(pieces: readonly string[]): { events: BuildEvent[]; log: ClassicLog } {
  const events: BuildEvent[] = [];
  const log = new ClassicLog(new BuildReport((event) => events.push(event)), plan, "Dockerfile");
  for (const piece of pieces) log.take(piece);
  return { events, log };
}

const shortly = (events: readonly BuildEvent[]): unknown[] =>
  events.map((event) => {
    if (event.type === "step") return `${event.name} at ${event.location}`;
    if (event.type === "output") return `${event.stream}: ${event.text}`;
    return event.type === "done" ? `done${event.cached ? ", cached" : ""}` : event.type;
  });

describe("what Docker's classic builder prints", () => {
  it("is steps, their output, and which came from the cache", () => {
    const { events, log } = told([
      "Step 1/7 : ARG v=1",
      "\n",
      "Step 2/7 : FROM busybox AS one",
      "\n",
      " ---> 0123456789ab\n",
      "Step 3/7 : ENV A=b",
      "\n",
      " ---> Using cache\n",
      "Step 4/7 : RUN make",
      "\n",
      " ---> Running in 0123456789ab\n",
      "made ",
      "it\n",
      "\u001b[91mloudly\n\u001b[0m",
      "Removing intermediate container 0123456789ab\n",
      "Step 5/7 : FROM one",
      "\n",
      "Step 6/7 : COPY a /a",
      "\n",
      " ---> Using cache\n",
    ]);
    log.end();
    expect(shortly(events)).toEqual([
      "[one 1/2] FROM busybox AS one at Dockerfile:2",
      "done",
      "[one 2/2] RUN make at Dockerfile:4",
      "stdout: made ",
      "stdout: it\n",
      "stderr: loudly\n",
      "done",
      "[stage-1 1/3] FROM one at Dockerfile:5",
      "done",
      "[stage-1 2/3] COPY a /a at Dockerfile:6",
      "done, cached",
    ]);
  });
});

describe("what Buildah prints", () => {
  it("is steps of stages", () => {
    const { events, log } = told([
      "[1/2] STEP 1/3: FROM busybox AS one\n[1/2] STEP 3/3: RUN make\nmade\n--> 01234567\n",
      "[2/2] STEP 3/3: RUN test\n--> Using cache 01\n",
    ]);
    log.end();
    expect(shortly(events)).toEqual([
      "[one 1/2] FROM busybox AS one at Dockerfile:2",
      "done",
      "[one 2/2] RUN make at Dockerfile:4",
      "stdout: made\n",
      "done",
      "[stage-1 3/3] RUN test at Dockerfile:7",
      "done, cached",
    ]);
  });
});

describe("BuildKit's names of steps", () => {
  it.each([
    ["[one 1/2] FROM docker.io/library/busybox:latest", 2],
    ["[one 2/2] RUN make", 4],
    ["[stage-1 1/2] COPY a /a", 6],
    ["[stage-1 2/2] RUN test", 7],
    ["[linux/arm64 stage-1 2/2] RUN test", 7],
    // An image with two triggers.
    ["[one 4/4] RUN make", 4],
    ["[one 2/4] COPY . /src", 2],
  ])("%s stands in line %i", (name, line) => {
    expect(instructionOfVertex(dockerfile, name)?.line).toBe(line);
  });

  it.each(["[internal] load build context", "exporting to image", "[nowhere 1/2] RUN x"])("%s stands nowhere", (name) => {
    expect(instructionOfVertex(dockerfile, name)).toBeUndefined();
  });
});

describe("builders that fail", () => {
  const run = dockerfile.stages[0]!.instructions[1];
  const copy = dockerfile.stages[1]!.instructions[0];
  const { from } = dockerfile.stages[0]!;
  const of = (message: string, instruction = run, output: readonly string[] = []) =>
    builderFailure(plan, { message, instruction, output, why: () => "the ignore file excludes it" }, "Building an image");

  it.each([
    ['process "/bin/sh -c make" did not complete successfully: exit code: 3', "/bin/sh -c make"],
    ["failed to solve: executor failed running [/bin/sh -c make]: exit code: 3", "/bin/sh -c make"],
    ["The command '/bin/sh -c make' returned a non-zero code: 3", "/bin/sh -c make"],
    ['building at STEP "RUN make": while running runtime: exit status 3', "make"],
  ])("%s", (message, command) => {
    expect(of(message, run, ["said so"])).toMatchObject({
      code: "BUILD_FAILED",
      message: "Dockerfile:4: RUN failed: exit code 3\n4 | RUN make\nsaid so",
      facts: { line: 4, instruction: "RUN", exitCode: 3, command, output: ["said so"] },
    });
  });

  it("because a file is missing say which, and why", () => {
    for (const message of ['failed to calculate checksum of ref x::y: "/a": not found', 'copier: stat: "/a": no such file or directory'])
      expect(of(message, copy)).toMatchObject({
        code: "BUILD_FAILED",
        summary: 'Dockerfile:6: COPY failed: "/a": not found: the ignore file excludes it',
      });
  });

  it("because a command is missing name it", () => {
    const output = ['exec: "nothing": executable file not found in $PATH'];
    expect(of('process "nothing" did not complete successfully: exit code: 1', run, output)).toMatchObject({
      summary: "Dockerfile:4: RUN failed: nothing: command not found",
      facts: { exitCode: 127 },
    });
  });

  it("because of an image or a disk have the code of that, with the place", () => {
    expect(of("busybox: manifest unknown", from)).toMatchObject({
      code: "IMAGE_NOT_FOUND",
      message: expect.stringMatching(/^Dockerfile:2: /),
    });
    expect(of("write /x/y: no space left on device")).toMatchObject({
      code: "DISK_FULL",
      message: expect.stringMatching(/^Dockerfile:4: /),
    });
  });

  it("in words that nobody knows are told in them", () => {
    expect(builderFailure(undefined, { message: "who knows", instruction: undefined, output: [] }, "Building an image")).toMatchObject({
      code: "DAEMON_ERROR",
      facts: { message: "who knows" },
    });
    expect(of("who knows")).toMatchObject({ code: "BUILD_FAILED", facts: { line: 4 } });
  });
});
