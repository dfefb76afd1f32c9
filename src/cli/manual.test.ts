/** @file docs/cli.md matches the commands, and every command has enough help. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { format, resolveConfig } from 'prettier';
import { describe, expect, test } from 'vitest';
import { helpOf } from './examples.ts';
import { manualOf } from './manual.ts';
import { makeProgram } from './program.ts';

const root = join(import.meta.dirname, '..', '..');

test('docs/cli.md is up to date; if not, run npm run docs', async () => {
  const file = join(root, 'docs', 'cli.md');
  expect(readFileSync(file, 'utf8')).toBe(await format(manualOf(makeProgram()), { ...(await resolveConfig(file)), filepath: file }));
});

const all = (command: Command): Command[] => command.commands.flatMap((each) => [each, ...all(each)]);
const textOf = (command: Command): string => {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
};

describe.each(all(makeProgram()).map((command) => [command.name(), command] as const))('tandem %s --help', (name, command) => {
  test('describes the command, each argument and option, and has examples that it accepts', () => {
    expect(command.description()).not.toBe('');
    for (const argument of command.registeredArguments) expect(argument.description, argument.name()).not.toBe('');
    for (const option of command.options) expect(option.description, option.flags).not.toBe('');
    const { examples } = helpOf(command.parent?.name() === 'model' ? command.parent : command);
    expect(examples.length).toBeGreaterThan(0);
    const known = [command, ...command.commands].flatMap(({ options }) => options.map(({ long }) => long));
    for (const [line] of examples) {
      expect(line).toMatch(new RegExp(`tandem ${command.parent?.name() === 'model' ? 'model' : name}\\b`));
      if (command.parent?.name() !== 'model') for (const [flag] of line.matchAll(/(?<= )--[a-z-]+/g)) expect(known, line).toContain(flag);
    }
    if (command.commands.length === 0 && command.parent?.name() !== 'model') expect(textOf(command)).toContain('\nExamples:\n');
  });
});
