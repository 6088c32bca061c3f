import { describe, expect, it } from "vitest";
import { executeTemplate } from "../../../src/cli/go-template/execute-template.js";

const DATA = {
  Name: "/box",
  Count: 3,
  Up: true,
  Nothing: null,
  List: ["a", "b"],
  None: [],
  State: { Status: "running", ExitCode: 0 },
  Ports: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }], "81/tcp": null },
};

/** As Go prints it, with the functions that docker adds. */
it.each([
  ["{{.Name}} {{ .State.Status }}", "/box running"],
  ["{{json .State}} {{.List | json}}", '{"Status":"running","ExitCode":0} ["a","b"]'],
  ["{{.List}} {{.State}} {{.Nothing}}", "[a b] map[ExitCode:0 Status:running] <no value>"],
  ["{{range .List}}<{{.}}>{{end}}", "<a><b>"],
  ["{{range $i, $e := .List}}{{$i}}={{$e}} {{end}}", "0=a 1=b "],
  ["{{range $e := .List}}{{$e}}{{$.Count}}{{end}}", "a3b3"],
  ["{{range .None}}x{{else}}none{{end}}", "none"],
  [
    "{{range $p, $conf := .Ports}}{{$p}} -> {{if $conf}}{{(index $conf 0).HostPort}}{{else}}-{{end}};{{end}}",
    "80/tcp -> 8080;81/tcp -> -;",
  ],
  ['{{(index (index .Ports "80/tcp") 0).HostPort}}', "8080"],
  ['{{with index .Ports "80/tcp"}}{{len .}}{{end}}{{with .None}}x{{else}}y{{end}}', "1y"],
  ["{{if .Nothing}}a{{else if eq .Count 3}}b{{else}}c{{end}}", "b"],
  ["{{if and .Up (not .Nothing)}}yes{{end}}{{if or .None .Nothing}}no{{end}}", "yes"],
  ["{{if and .Nothing .Up}}yes{{else}}no{{end}} {{and .Up .Count}} {{or .None .Count}}", "no 3 3"],
  ['{{if gt .Count 2}}>{{end}}{{if ne .Name "x"}}!{{end}}', ">!"],
  ['{{join .List ", "}} {{upper .Name}} {{truncate .Name 3}} {{index (split "x/y" "/") 1}}', "a, b /BOX /bo y"],
  ['{{println "a" .Count}}{{printf "%-5s|%q|%.2s" "x" "y" "zzz"}}', 'a 3\nx    |"y"|zz'],
  ["{{$n := .Name}}{{$n}}{{/* nothing */}} {{`raw`}}", "/box raw"],
  ["a  {{- .Count -}}  b", "a3b"],
  ["{{len .List}}{{len .Name}}{{true}}", "24true"],
  ["{{$sum := 0}}{{range .List}}{{$sum = .}}{{end}}{{$sum}}", "b"],
])("%s", (template, expected) => expect(executeTemplate(template, DATA)).toBe(expected));

it.each([
  ["{{.Missing}}", "there is no Missing among Name, Count"],
  ["{{.Name.First}}", "there is no First"],
  ["{{.constructor}}", "there is no constructor"],
  ["{{nope .Name}}", 'function "nope" is not defined'],
  ["{{if .Up}}x", "{{end}} is missing"],
  ["{{end}}", "belongs to nothing"],
  ["{{.Name", "has no end"],
  ["{{}}", "can't be read"],
  ["{{.Name .Count}}", ".Name takes no arguments"],
  ["{{$x}}", 'undefined variable "$x"'],
  ["{{index .List 7}}", "there is no element 7 of 2"],
  ["{{#}}", "can't be read"],
])("%s is refused", (template, message) => expect(() => executeTemplate(template, DATA)).toThrow(message));

describe("a method", () => {
  const ROW = { Name: "box", Label: (name: string) => `<${name}>` };

  it.each([
    ['{{.Label "a.b"}}', "<a.b>"],
    ['{{"a" | .Label}} {{upper (.Label "x")}}', "<a> <X>"],
    ['{{if eq (.Label "x") "<x>"}}yes{{end}}', "yes"],
    ["{{json .}} {{.}}", '{"Name":"box"} map[Name:box]'],
  ])("%s", (template, expected) => expect(executeTemplate(template, ROW)).toBe(expected));

  it.each([
    ["{{.Label}}", "--format: .Label takes 1 argument, not 0"],
    ['{{.Label "a" "b"}}', "--format: .Label takes 1 argument, not 2"],
    ['{{.Name "a"}}', "--format: .Name takes no arguments"],
    ['{{"a" "b"}}', "can't be read"],
  ])("%s is refused", (template, message) => expect(() => executeTemplate(template, ROW)).toThrow(message));
});
