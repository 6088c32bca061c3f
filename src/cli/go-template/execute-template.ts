/** Fills Go's templates with data. Pure. */
import { UsageError } from "../usage.js";
import { type Call, type Node, type Pipe, parseTemplate, type Term } from "./parse-template.js";
import { FUNCTIONS, isTrue, printed } from "./template-functions.js";

interface Scope {
  readonly dot: unknown;
  readonly variables: ReadonlyMap<string, Variable>;
}

interface Variable {
  value: unknown;
}

/** @throws UsageError for a template that can't be read, or names a field or function that is not there */
export function executeTemplate(template: string, data: unknown): string {
  return written(parseTemplate(template), { dot: data, variables: new Map([["$", { value: data }]]) });
}

function written(nodes: readonly Node[], scope: Scope): string {
  let { variables } = scope;
  let output = "";
  for (const node of nodes) {
    const here = { ...scope, variables };
    if (node.kind === "text") output += node.text;
    else if (node.kind !== "print") output += block(node, here);
    else {
      const value = pipeValue(node.pipe, here);
      const [name] = node.variables;
      if (name === undefined) output += printed(value);
      else if (node.declares) variables = withVariables(variables, { [name]: value });
      else variableOf(name, here).value = value;
    }
  }
  return output;
}

function block(node: Extract<Node, { body: unknown }>, scope: Scope): string {
  const value = pipeValue(node.pipe, scope);
  const { kind, body, otherwise } = node;
  const [first, second] = node.variables;
  if (kind === "range") {
    const entries = entriesOf(value);
    if (entries.length === 0) return written(otherwise, scope);
    return entries
      .map(([key, each]) => {
        // One variable is the element, two are its key and itself.
        const named = {
          ...(second === undefined ? {} : { [first!]: key, [second]: each }),
          ...(first && !second ? { [first]: each } : {}),
        };
        return written(body, { dot: each, variables: withVariables(scope.variables, named) });
      })
      .join("");
  }
  const variables = first === undefined ? scope.variables : withVariables(scope.variables, { [first]: value });
  if (!isTrue(value)) return written(otherwise, { ...scope, variables });
  return written(body, { dot: kind === "with" ? value : scope.dot, variables });
}

function entriesOf(value: unknown): (readonly [string | number, unknown])[] {
  if (Array.isArray(value)) return value.map((each, index) => [index, each] as const);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

function withVariables(variables: ReadonlyMap<string, Variable>, more: Readonly<Record<string, unknown>>): ReadonlyMap<string, Variable> {
  return new Map([...variables, ...Object.entries(more).map(([name, value]) => [name, { value }] as const)]);
}

function pipeValue(pipe: Pipe, scope: Scope): unknown {
  let value: unknown;
  for (const [index, call] of pipe.entries()) value = callValue(call, scope, index > 0 ? [value] : []);
  return value;
}

function callValue({ name, arguments: terms }: Call, scope: Scope, piped: readonly unknown[]): unknown {
  if (name === undefined) return methodValue(terms, scope, piped);
  const apply = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (!apply) throw new UsageError(`--format: function ${JSON.stringify(name)} is not defined`);
  return apply(...terms.map((term) => termValue(term, scope)), ...piped);
}

/** A field's value, or what its method makes of the other terms. */
function methodValue([first, ...others]: readonly Term[], scope: Scope, piped: readonly unknown[]): unknown {
  const value = termValue(first!, scope);
  const given = [...others.map((term) => termValue(term, scope)), ...piped];
  const path = first?.kind === "path" ? `.${first.fields.join(".")}` : "what is in brackets";
  if (typeof value !== "function") {
    if (others.length > 0) throw new UsageError(`--format: ${path} takes no arguments`);
    return value;
  }
  if (given.length !== value.length) throw new UsageError(`--format: ${path} takes ${value.length} argument, not ${given.length}`);
  return value(...given.map(printed));
}

function termValue(term: Term, scope: Scope): unknown {
  if (term.kind === "literal") return term.value;
  const { fields } = term;
  if (term.kind === "pipe") return fieldValue(pipeValue(term.pipe, scope), fields);
  return fieldValue(term.variable === "" ? scope.dot : variableOf(term.variable, scope).value, fields);
}

function variableOf(name: string, { variables }: Scope): Variable {
  const variable = variables.get(name);
  if (!variable) throw new UsageError(`--format: undefined variable ${JSON.stringify(name)}`);
  return variable;
}

function fieldValue(value: unknown, fields: readonly string[]): unknown {
  return fields.reduce((within, field) => {
    if (typeof within === "object" && within !== null && Object.hasOwn(within, field)) return (within as Record<string, unknown>)[field];
    const known = typeof within === "object" && within !== null && !Array.isArray(within) ? Object.keys(within) : [];
    throw new UsageError(`--format: there is no ${field}${known.length > 0 ? ` among ${known.join(", ")}` : ""}`);
  }, value);
}
