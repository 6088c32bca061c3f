/** Taking back what a Docker daemon wrote into the host's packet filter: the difference of two `iptables-save`s. Pure. */

/**
 * Arguments of the `iptables` calls that undo what came between two dumps: rules first, then the chains, then policies.
 * What was there before stays, and what somebody else removed in between is not put back. Daemons share their chains:
 * where a rule came in between that names another interface than `bridge`, another daemon has started since, and only the
 * rules that name ours go.
 */
export function undoRules(before: string, after: string, bridge: string): readonly (readonly string[])[] {
  const was = parse(before);
  const added: Added[] = [];
  const chains: string[][] = [];
  const policies: string[][] = [];
  for (const [table, now] of parse(after)) {
    const old = was.get(table) ?? { chains: new Map<string, string>(), rules: [] };
    added.push(...addedRules(old.rules, now.rules).map((rule) => ({ table, rule: words(rule) })));
    for (const [chain, policy] of now.chains) {
      // A table that nobody had touched is missing from the first dump; its built-in chains accept.
      const oldPolicy = old.chains.get(chain) ?? (policy === "-" ? undefined : "ACCEPT");
      if (oldPolicy === undefined) chains.push(["-t", table, "-X", chain]);
      else if (oldPolicy !== policy) policies.push(["-t", table, "-P", chain, oldPolicy]);
    }
  }
  const shared = added.some(({ rule }) => interfaces(rule).some((name) => name !== bridge && name !== "lo"));
  const mine = shared ? added.filter(({ rule }) => interfaces(rule).includes(bridge)) : added;
  const removals = mine.map(({ table, rule }) => ["-t", table, "-D", ...rule]);
  return shared ? removals : [...removals, ...chains, ...policies];
}

interface Added {
  readonly table: string;
  readonly rule: readonly string[];
}

interface Table {
  /** Name to policy; `-` for chains that users made. */
  readonly chains: Map<string, string>;
  /** Without the leading `-A`. */
  readonly rules: string[];
}

function parse(dump: string): Map<string, Table> {
  const tables = new Map<string, Table>();
  let table: Table | undefined;
  for (const line of dump.split("\n")) {
    if (line.startsWith("*")) {
      table = { chains: new Map(), rules: [] };
      tables.set(line.slice(1).trim(), table);
    } else if (line.startsWith(":") && table) {
      const [chain, policy] = line.slice(1).split(" ");
      if (chain && policy) table.chains.set(chain, policy);
    } else if (line.startsWith("-A ") && table) {
      table.rules.push(line.slice(3));
    }
  }
  return tables;
}

/** A rule may stand there several times. */
function addedRules(before: readonly string[], after: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const rule of before) left.set(rule, (left.get(rule) ?? 0) + 1);
  return after.filter((rule) => {
    const count = left.get(rule) ?? 0;
    left.set(rule, count - 1);
    return count <= 0;
  });
}

function interfaces(rule: readonly string[]): string[] {
  return rule.filter((_, index) => rule[index - 1] === "-i" || rule[index - 1] === "-o");
}

/** `iptables-save` quotes only comments, with double quotes. */
function words(rule: string): string[] {
  return [...rule.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map((match) => match[1]?.replace(/\\(.)/g, "$1") ?? match[2] ?? "");
}
