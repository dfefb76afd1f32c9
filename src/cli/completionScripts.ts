/** @file Completion scripts, written from the commands themselves. */
import type { Command, Option } from 'commander';
import { endingsOf } from '../prompt/kinds/table.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What an argument or the value of an option is. */
type Kind = 'prompt' | 'run' | 'data' | 'file' | 'none' | { readonly choices: readonly string[] };

interface Words {
  /** `model add`, or '' for the program itself. */
  readonly path: string;
  readonly about: string;
  readonly subcommands: readonly { readonly name: string; readonly about: string }[];
  readonly options: readonly OptionWord[];
  readonly argument: Kind;
}

interface OptionWord {
  readonly name: string;
  readonly about: string;
  /** The kind of the option's value; undefined for a switch. */
  readonly value?: Kind;
}

export function completionScript(shell: Shell, program: Command): string {
  return { bash, zsh, fish }[shell](wordsOf(program, ''));
}

/** By the names that the help uses for arguments and option values. */
const kinds: Readonly<Record<string, Kind>> = {
  prompt: 'prompt',
  run: 'run',
  other: 'run',
  data: 'data',
  file: 'file',
  folder: 'file',
  model: 'file',
};

function wordsOf(command: Command, path: string): Words[] {
  const [argument] = command.registeredArguments;
  const shown = command.createHelp();
  const own: Words = {
    path,
    about: command.description(),
    subcommands: shown.visibleCommands(command).map((each) => ({ name: each.name(), about: firstClause(each.description()) })),
    options: shown.visibleOptions(command).flatMap((option) => optionWord(option)),
    argument: !argument ? 'none' : argument.argChoices ? { choices: argument.argChoices } : (kinds[argument.name()] ?? 'none'),
  };
  return [own, ...command.commands.flatMap((each) => wordsOf(each, `${path} ${each.name()}`.trim()))];
}

function optionWord({ long, description, argChoices, flags }: Option): OptionWord[] {
  if (!long) return [];
  const name = /[<[](\w+)/.exec(flags)?.[1];
  const value = argChoices ? { choices: argChoices } : name === undefined ? undefined : (kinds[name] ?? 'none');
  return [{ name: long, about: firstClause(description), ...(value !== undefined && { value }) }];
}

/** Menus have room for a few words only. */
const firstClause = (text: string): string => text.split(/[;:]/, 1)[0];

const single = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function bash(all: readonly Words[]): string {
  const reply = (kind: Kind): string => {
    if (typeof kind === 'object') return `COMPREPLY=($(compgen -W ${single(kind.choices.join(' '))} -- "$cur"))`;
    return {
      prompt: `COMPREPLY=($(compgen -f -X '!*@(${endingsOf().join('|')})' -- "$cur"; compgen -d -- "$cur"))`,
      data: `COMPREPLY=($(compgen -f -X '!*.@(jsonl|ndjson|json|csv|tsv|parquet)' -- "$cur"; compgen -d -- "$cur"))`,
      run: '_tandem_runs',
      file: 'COMPREPLY=($(compgen -f -- "$cur"))',
      none: ':',
    }[kind];
  };
  const cases = all.map(({ path, subcommands, options, argument }) => {
    const values = options
      .filter(({ value }) => value !== undefined)
      .map(({ name, value }) => `        ${name}) ${reply(value!)}; return ;;`);
    const names = options.map(({ name }) => name).join(' ');
    const commands = subcommands.map(({ name }) => name).join(' ');
    return `    ${single(path)})
      case "$prev" in
${[...values, '        *) ;;'].join('\n')}
      esac
      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W ${single(names)} -- "$cur"))
      else ${subcommands.length > 0 ? `COMPREPLY=($(compgen -W ${single(commands)} -- "$cur"))` : reply(argument)}; fi ;;`;
  });
  const parents = all.filter(({ subcommands }) => subcommands.length > 0).map(({ path }) => single(path));
  return `# Completion of tandem for bash: source <(tandem completion bash)
_tandem() {
  local IFS=$'\\n' cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path='' word place
  COMPREPLY=()
  for ((place = 1; place < COMP_CWORD; place++)); do
    word="\${COMP_WORDS[place]}"
    case "$word" in -*) continue ;; esac
    case "$path" in
      ${parents.join(' | ')}) path="\${path:+$path }$word" ;;
    esac
  done
  local shopt_before
  shopt_before="$(shopt -p extglob)"
  shopt -s extglob
  IFS=$' \\n'
  _tandem_words
  eval "$shopt_before"
}
# Not with compgen -W, which expands its words and would run a folder's name. Tandem's own names have no special characters.
_tandem_runs() {
  local run special=$'[]$\`\\'"\\\\;&|<>(){}*?!#~ '
  while IFS= read -r run; do
    [[ $run == "$cur"* && $run != *["$special"]* ]] && COMPREPLY+=("$run")
  done < <(tandem report --list 2>/dev/null)
}
_tandem_words() {
  local IFS=$'\\n'
  case "$path" in
${cases.join('\n')}
  esac
}
complete -o filenames -F _tandem tandem
`.replaceAll(/compgen -W '([^']*)'/g, (_, words: string) => `compgen -W $'${words.replaceAll(' ', '\\n')}'`);
}

function zsh(all: readonly Words[]): string {
  const action = (kind: Kind): string => {
    if (typeof kind === 'object') return `(${kind.choices.join(' ')})`;
    return {
      prompt: `_files -g "*(${endingsOf().join('|')})"`,
      data: '_files -g "*.(jsonl|ndjson|json|csv|tsv|parquet)"',
      run: '_tandem_runs',
      file: '_files',
      none: ' ',
    }[kind];
  };
  const plain = (text: string): string => text.replaceAll(/[[\]:\\`$"]/g, ' ').replaceAll("'", '’');
  const functions = all.map(({ path, subcommands, options, argument }) => {
    const specs = options.map(
      ({ name, about, value }) => `    '${name}[${plain(about)}]${value === undefined ? '' : `:value:${action(value)}`}'`,
    );
    const name = functionName(path);
    if (subcommands.length === 0) {
      const rest = argument === 'none' ? [] : [`    '*:argument:${action(argument)}'`];
      return `${name}() {\n  _arguments \\\n${[...specs, ...rest].join(' \\\n')}\n}`;
    }
    return `${name}() {
  local context state line
  _arguments -C \\
${[...specs, "    '1:command:->command'", "    '*::argument:->argument'"].join(' \\\n')}
  case "$state" in
    command)
      local -a commands=(
${subcommands.map((each) => `        '${each.name}:${plain(each.about)}'`).join('\n')}
      )
      _describe command commands ;;
    argument)
      case "$line[1]" in
${subcommands
  .filter((each) => each.name !== 'help')
  .map((each) => `        ${each.name}) ${functionName(`${path} ${each.name}`.trim())} ;;`)
  .join('\n')}
      esac ;;
  esac
}`;
  });
  return `#compdef tandem
# Completion of tandem for zsh: tandem completion zsh > "\${fpath[1]}/_tandem"
_tandem_runs() {
  local -a runs=(\${(f)"$(tandem report --list 2>/dev/null)"})
  _describe run runs
}
${functions.join('\n')}
if [ "$funcstack[1]" = "_tandem" ]; then _tandem "$@"; else compdef _tandem tandem; fi
`;
}

const functionName = (path: string): string => `_tandem${path === '' ? '' : `_${path.replaceAll(' ', '_')}`}`;

function fish(all: readonly Words[]): string {
  const values = (kind: Kind): string => {
    if (typeof kind === 'object') return `-x -a ${single(kind.choices.join(' '))}`;
    return {
      prompt: `-x -a '(${endingsOf()
        .map((ending) => `__fish_complete_suffix ${ending}`)
        .join('; ')})'`,
      data: '-r -F',
      run: `-x -a '(tandem report --list 2>/dev/null)'`,
      file: '-r -F',
      none: '-x',
    }[kind];
  };
  const when = (path: string): string => {
    const words = path.split(' ').filter((word) => word !== '');
    if (words.length === 0) return '__fish_use_subcommand';
    return words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
  };
  const lines = all.flatMap(({ path, subcommands, options, argument }) => {
    const names = subcommands.map(({ name }) => name).join(' ');
    const here = subcommands.length > 0 && path !== '' ? `${when(path)}; and not __fish_seen_subcommand_from ${names}` : when(path);
    const line = (rest: string): string => `complete -c tandem -n ${single(here)} ${rest}`;
    return [
      ...subcommands.map(({ name, about }) => line(`-f -a ${single(name)} -d ${single(about)}`)),
      ...options.map(({ name, about, value }) =>
        line(`-l ${name.slice(2)}${value === undefined ? '' : ` ${values(value)}`} -d ${single(about)}`),
      ),
      ...(argument === 'none' || subcommands.length > 0 ? [] : [line(values(argument))]),
    ];
  });
  return `# Completion of tandem for fish: tandem completion fish > ~/.config/fish/completions/tandem.fish
complete -c tandem -f
${lines.join('\n')}
`;
}
