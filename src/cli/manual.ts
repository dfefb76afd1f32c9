/** @file The manual of the command line, docs/cli.md, from the commands themselves. */
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
    'So in CI `tandem evaluate intent.prompt.md --min 0.8` ends with 0 where the prompt is good enough, with 1 where it is not, and with 2 where it could not be measured.',
    '## Where output goes',
    'What was asked for goes to stdout; progress and errors go to stderr, an error as `file:line:column: message`, the way terminals and editors link it. On a terminal progress is one line that is redrawn, in a log it is a line for each step. Colours are for terminals only: `NO_COLOR=1` takes them away, `FORCE_COLOR=1` keeps them in a pipe. What files, models and servers say is shown and does nothing: but for line ends and tabs, control characters come out as escapes such as `\\u001b`, in JSON too, which stays exact. Paths are taken as your system writes them; a prompt file names its data with forward slashes, on Windows too.',
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
