/** @file The manual of the command line, docs/cli.md, generated from the commands themselves. */
import type { Command, Option } from 'commander';
import { helpOf } from './examples.ts';
import { exitCodeMeanings } from './exitCodes.ts';

export function manualOf(program: Command): string {
  const commands = leavesOf(program, program.name());
  const contents = commands.map(({ path, command }) => `| [\`${path}\`](#${anchor(path)}) | ${cell(command.description())} |`);
  const sections = [
    '<!-- Written by `npm run docs` from the commands in src/cli/. Change those. -->',
    '# The command line',
    program.description(),
    table(['command', 'what it does'], contents),
    examplesText(program),
    ...commands.map(({ path, command }) => commandSection(path, command)),
    '## Exit codes',
    table(
      ['code', 'meaning'],
      exitCodeMeanings.map(([code, meaning]) => `| ${code} | ${meaning} |`),
    ),
    'In CI, `tandem evaluate intent.prompt.md --min 0.8` exits with 0 if the prompt is good enough, with 1 if it is not, and with 2 if it could not be measured.',
    '## Where output goes',
    'Results go to stdout. Progress and errors go to stderr, and an error is printed as `file:line:column: message`, which terminals and editors turn into a link. On a terminal, progress is one line that is redrawn; in a log, it is one line for each step. Colours are for terminals only: `NO_COLOR=1` removes them, `FORCE_COLOR=1` keeps them in a pipe. Text from files, models and servers cannot control your terminal: except for line ends and tabs, control characters are printed as escapes such as `\\u001b`. This also applies to JSON, which stays exact. Write paths as your system does; a prompt file names its data with forward slashes, on Windows too.',
  ];
  return sections.filter((section) => section !== '').join('\n\n') + '\n';
}

function leavesOf(command: Command, path: string): { path: string; command: Command }[] {
  return command.commands.flatMap((each) => {
    const own = `${path} ${each.name()}`;
    return each.commands.length > 0 ? leavesOf(each, own) : [{ path: own, command: each }];
  });
}

function commandSection(path: string, command: Command): string {
  const shown = command.createHelp();
  const usage = `${path} ${command.usage()}`.trim();
  const args = command.registeredArguments.map((argument) => {
    const choices = argument.argChoices ? ` (${argument.argChoices.map(code).join(', ')})` : '';
    return `| ${code(argument.required ? `<${argument.name()}>` : `[${argument.name()}]`)} | ${cell(argument.description)}${choices} |`;
  });
  const options = shown.visibleOptions(command).filter(({ long }) => long !== '--help');
  const parts = [
    `## ${path}`,
    sentence(command.description()),
    `\`\`\`text\n${usage}\n\`\`\``,
    helpOf(command).details,
    args.length > 0 ? table(['argument', 'what it is'], args) : '',
    options.length > 0
      ? table(
          ['option', 'what it does'],
          options.map((option) => `| ${code(option.flags)} | ${cell(option.description)}${extra(option)} |`),
        )
      : '',
    examplesText(command),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function extra({ argChoices, defaultValue, defaultValueDescription }: Option): string {
  const shown =
    defaultValue === undefined || typeof defaultValue === 'object'
      ? defaultValueDescription
      : (defaultValueDescription ?? String(defaultValue));
  const parts = [
    argChoices && `one of ${argChoices.map(code).join(', ')}`,
    shown !== undefined && shown !== 'false' && `default ${code(shown)}`,
  ].filter((part) => typeof part === 'string');
  return parts.length > 0 ? ` (${parts.join('; ')})` : '';
}

function examplesText(command: Command): string {
  const { examples } = helpOf(command);
  if (examples.length === 0) return '';
  return `\`\`\`sh\n${examples.map(([line, what]) => `${line} # ${what}`).join('\n')}\n\`\`\``;
}

const table = (head: readonly string[], rows: readonly string[]): string =>
  [`| ${head.join(' | ')} |`, `| ${head.map(() => '---').join(' | ')} |`, ...rows].join('\n');

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '\\<');
const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;
const anchor = (heading: string): string => heading.replaceAll(' ', '-');
const sentence = (text: string): string => cell(text.slice(0, 1).toUpperCase() + text.slice(1)) + '.';
