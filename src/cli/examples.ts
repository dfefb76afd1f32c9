/** @file Examples and details at the end of a command's help, stored for the manual too. */
import type { Command } from 'commander';

/** A command line, and what it does. */
export type Example = readonly [line: string, what: string];

interface Help {
  readonly examples: readonly Example[];
  /** Paragraphs that explain more than the description. */
  readonly details: string;
}

const known = new WeakMap<Command, Help>();

export function withExamples(command: Command, examples: readonly Example[], details = ''): Command {
  known.set(command, { examples, details });
  const width = Math.max(0, ...examples.map(([line]) => line.length)) + 2;
  const lines = examples.map(([line, what]) => (width > 60 ? `  ${line}\n      ${what}` : `  ${line.padEnd(width)}${what}`));
  const parts = [details && wrapped(details), lines.length > 0 && `Examples:\n${lines.join('\n')}`].filter(Boolean);
  return parts.length > 0 ? command.addHelpText('after', `\n${parts.join('\n\n')}`) : command;
}

export const helpOf = (command: Command): Help => known.get(command) ?? { examples: [], details: '' };

/** Paragraphs with at most 80 characters a line. */
function wrapped(text: string): string {
  return text
    .split('\n\n')
    .map((paragraph) => {
      const lines = [''];
      for (const word of paragraph.split(/\s+/)) {
        const longer = `${lines.at(-1)} ${word}`.trim();
        if (longer.length <= 80) lines[lines.length - 1] = longer;
        else lines.push(word);
      }
      return lines.join('\n');
    })
    .join('\n\n');
}
