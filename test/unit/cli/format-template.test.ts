import { describe, expect, it } from "vitest";
import { formatRows } from "../../../src/cli/format-template.js";

const ROWS = [
  { ID: "a1", Names: "one" },
  { ID: "b2", Names: 'a "quoted" one' },
];

describe("docker's --format", () => {
  it.each([
    ["{{.ID}} {{ .Names }}", ["a1 one", 'b2 a "quoted" one']],
    ["table {{.ID}}\\t{{.ID}}", ["a1\ta1", "b2\tb2"]],
    ["{{json .Names}}", ['"one"', '"a \\"quoted\\" one"']],
    ["json", ['{"ID":"a1","Names":"one"}', '{"ID":"b2","Names":"a \\"quoted\\" one"}']],
    ["{{json .}}", ['{"ID":"a1","Names":"one"}', '{"ID":"b2","Names":"a \\"quoted\\" one"}']],
    ["no field", ["no field", "no field"]],
  ])("%s", (template, lines) => expect(formatRows(template, ROWS)).toEqual(lines));

  it.each(["{{.Missing}}", "{{.toString}}", "{{upper .ID}}", "{{}}"])("refuses %s, and says what it knows", (template) => {
    expect(() => formatRows(template, ROWS)).toThrow(/--format knows ID, Names, not/);
  });
});
