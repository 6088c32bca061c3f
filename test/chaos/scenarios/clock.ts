/**
 * A wall clock that jumps by up to ten days, there and back, while Node works: libfaketime gives this one process another time. A time
 * namespace can't: it moves the monotonic clocks alone (time_namespaces(7)), and the machine's own clock is everybody's.
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { faultRounds } from "../fault-rounds.js";
import { between } from "../random.js";

const DAY_S = 24 * 60 * 60;

export const clockJump = faultRounds({
  name: "clock jump",
  operations: ["work", "start", "exec", "stop", "build"],
  set({ random, scratch }) {
    const clock = path.join(scratch, "clock");
    const seconds = between(random, -10 * DAY_S, 10 * DAY_S);
    writeFileSync(clock, "+0\n");
    return {
      what: `${seconds} s`,
      wrapper: ["faketime", "-f", "+0"],
      env: { FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_NO_CACHE: "1", DONT_FAKE_MONOTONIC: "1" },
      strike: () => writeFileSync(clock, `${seconds < 0 ? "" : "+"}${seconds}\n`),
    };
  },
});
