/** Completion of shells, made from the table of commands. Pure. */
import { type Command, type CommandGroup, isGroup } from "./command.js";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

type Commands = readonly (Command | CommandGroup)[];

/** What a shell offers after some words. */
interface Choice {
  /** `""`, `volume`, `volume ls`. */
  readonly after: string;
  readonly words: readonly { readonly word: string; readonly help: string }[];
}

export function completionScript(shell: Shell, commands: Commands): string {
  const choices = choicesOf(commands);
  return { bash, zsh, fish }[shell](choices);
}

function choicesOf(commands: Commands): Choice[] {
  const single = commands.flatMap((command) => (isGroup(command) ? command.commands : [command]));
  const groups = commands.filter(isGroup);
  return [
    { after: "", words: [...commands.map(({ name, summary }) => ({ word: name, help: summary })), { word: "help", help: "Tell more" }] },
    ...groups.map(({ name, commands: members }) => ({
      after: name,
      words: members.map((member) => ({ word: member.name.slice(name.length + 1), help: member.summary })),
    })),
    ...single.flatMap(({ name, aliases = [], options }) => {
      const flags = Object.entries(options).map(([flag, { help }]) => ({ word: `--${flag}`, help }));
      return [name, ...aliases].map((after) => ({ after, words: [...flags, { word: "--help", help: "print help" }] }));
    }),
  ];
}

function bash(choices: readonly Choice[]): string {
  return `# caisson completion for bash: source <(caisson completion bash)
_caisson() {
  local current=\${COMP_WORDS[COMP_CWORD]-} first=\${COMP_WORDS[1]-} second=\${COMP_WORDS[2]-} words=
  COMPREPLY=()
  ((COMP_CWORD > 1)) || first=
  ((COMP_CWORD > 2)) || second=
${caseLines(choices)}
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _caisson caisson
`;
}

function zsh(choices: readonly Choice[]): string {
  return `#compdef caisson
# caisson completion for zsh: source <(caisson completion zsh)
_caisson() {
  local first= second= words_=
  ((CURRENT > 2)) && first=$words[2]
  ((CURRENT > 3)) && second=$words[3]
${caseLines(choices).replaceAll("words=", "words_=")}
  compadd -- \${=words_} || _files
}
compdef _caisson caisson
`;
}

/** Two words name a command of a group, one any other. */
function caseLines(choices: readonly Choice[]): string {
  const line = ({ after, words }: Choice): string => `    "${after}") words="${words.map(({ word }) => word).join(" ")}" ;;`;
  const [long, short] = [choices.filter(({ after }) => after.includes(" ")), choices.filter(({ after }) => !after.includes(" "))];
  return ['  case "$first $second" in', ...long.map(line), '  *) case "$first" in', ...short.map(line), "    esac ;;", "  esac"].join("\n");
}

function fish(choices: readonly Choice[]): string {
  const groups = new Set(choices.flatMap(({ after }) => (after.includes(" ") ? after.split(" ", 1) : [])));
  const lines = choices.flatMap(({ after, words }) => {
    // Names are offered where one is being typed, flags anywhere behind it.
    const condition = after === "" || groups.has(after) ? `__caisson_at ${after}` : `__caisson_after ${after}`;
    return words.map(({ word, help }) => {
      const offer = word.startsWith("--") ? `-l ${word.slice(2)}` : `-f -a ${word}`;
      return `complete -c caisson -n '${condition.trim()}' ${offer} -d '${help.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
    });
  });
  return `# caisson completion for fish: caisson completion fish | source
function __caisson_at
  set -l words (commandline -opc)
  test "$words[2..-1]" = "$argv"
end
function __caisson_after
  set -l words (commandline -opc)
  test (count $words) -gt (count $argv); and test "$words[2..$(math (count $argv) + 1)]" = "$argv"
end
${lines.join("\n")}
`;
}
