import { describe, expect, it } from "vitest";
import { formatRows } from "../../../src/cli/format-template.js";

const ROWS = [
  { ID: "a1", Names: "one" },
  { ID: "b2", Names: 'a "quoted" one' },
];

const HEADINGS = { ID: "THE ID", Names: "NAME" };

describe("docker's --format", () => {
  it.each([
    ["{{.ID}} {{ .Names }}", ["a1 one", 'b2 a "quoted" one']],
    ["{{.ID}}\\t{{.ID}}", ["a1\ta1", "b2\tb2"]],
    [
      "table {{.ID}}\\t{{.Names}}\\t{{.ID}}",
      ["THE ID    NAME             THE ID", "a1        one              a1", 'b2        a "quoted" one   b2'],
    ],
    ["table {{.ID}} {{.Names}}", ["THE ID NAME", "a1 one", 'b2 a "quoted" one']],
    ["table json", ['{"ID":"a1","Names":"one"}', '{"ID":"b2","Names":"a \\"quoted\\" one"}']],
    ["{{json .Names}}", ['"one"', '"a \\"quoted\\" one"']],
    ["json", ['{"ID":"a1","Names":"one"}', '{"ID":"b2","Names":"a \\"quoted\\" one"}']],
    ["{{json .}}", ['{"ID":"a1","Names":"one"}', '{"ID":"b2","Names":"a \\"quoted\\" one"}']],
    ["no field", ["no field", "no field"]],
  ])("%s", (template, lines) => expect(formatRows(template, ROWS, HEADINGS)).toEqual(lines));

  it("prints the headings of an empty table", () => expect(formatRows("table {{.ID}}", [], HEADINGS)).toEqual(["THE ID"]));

  it.each(["{{.Missing}}", "{{.toString}}"])("refuses %s, and says what it knows", (template) => {
    expect(() => formatRows(template, ROWS, HEADINGS)).toThrow(/--format: there is no \w+ among ID, Names/);
  });
});
