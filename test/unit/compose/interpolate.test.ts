import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InterpolationError, interpolate } from "../../../src/compose/files/interpolate.js";

const VALUES: Readonly<Record<string, string>> = { SET: "set", EMPTY: "", OTHER: "other", _u1: "low" };
const filled = (template: string): string => interpolate(template, (name) => VALUES[name]);

describe("variables in a Compose file", () => {
  it.each([
    ["no variable", "no variable"],
    ["$SET and ${SET}", "set and set"],
    ["$SETTER", ""],
    ["${_u1}$_u1", "lowlow"],
    ["$$SET $${SET} $$$SET", "$SET ${SET} $set"],
    ["${UNSET}", ""],
    ["${SET:-d} ${EMPTY:-d} ${UNSET:-d}", "set d d"],
    ["${SET-d} ${EMPTY-d} ${UNSET-d}", "set  d"],
    ["${SET:+a} ${EMPTY:+a} ${UNSET:+a}", "a  "],
    ["${SET+a} ${EMPTY+a} ${UNSET+a}", "a a "],
    ["${SET:?e} ${SET?e} ${EMPTY?e}", "set set "],
    ["${UNSET:-${EMPTY:-${OTHER}}}", "other"],
    ["${UNSET:-a$SET}b", "asetb"],
    ["${UNSET:-http://x:80/?q=-1}", "http://x:80/?q=-1"],
    ["${UNSET:-}", ""],
    ["${SET:-${UNSET:?never asked}}", "set"],
    ["cost: 5$ and $1 $( $", "cost: 5$ and $1 $( $"],
  ])("%s", (template, expected) => {
    expect(filled(template)).toBe(expected);
  });

  it.each([
    ["${UNSET:?say so}", "the variable UNSET is required and has no value: say so"],
    ["${EMPTY:?}", "the variable EMPTY is required and has no value"],
    ["${UNSET?$SET}", "the variable UNSET is required and has no value: set"],
    ["a ${", '"${" is no variable: a variable\'s name is missing'],
    ["${}", '"${}" is no variable: a variable\'s name is missing'],
    ["${SET", '"${SET" is no variable: expected `}`'],
    ["${SET/a/b}", '"${SET/a/b}" is no variable: expected `}`, or one of :- - :? ? :+ +'],
    ["${UNSET:-${SET}", "is no variable: expected `}`"],
  ])("refuses %s", (template, message) => {
    expect(() => filled(template)).toThrow(message);
  });

  it("tells of variables that stand for nothing, and not of those in branches that are not taken", () => {
    const unset: string[] = [];
    interpolate(
      "$A ${B} ${C:-d} ${SET:-$D} ${SET:+$E}",
      (name) => VALUES[name],
      (name) => unset.push(name),
    );
    expect(unset).toEqual(["A", "B", "E"]);
  });

  it("fails in no other way than its own, whatever is written", () => {
    const pieces = fc.constantFrom("$", "{", "}", "SET", "UNSET", ":", "-", "?", "+", "a", " ");
    fc.assert(
      fc.property(fc.array(pieces), (words) => {
        try {
          filled(words.join(""));
        } catch (error) {
          expect(error).toBeInstanceOf(InterpolationError);
        }
      }),
    );
  });

  it("leaves text alone whose dollar signs are doubled", () => {
    fc.assert(fc.property(fc.string(), (text) => filled(text.replaceAll("$", "$$$$")) === text));
  });
});
