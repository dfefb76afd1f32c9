/** @file Old names of commands and options still work, with a notice. No help shows them. */
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { completionScript, shells } from './completionScripts.ts';
import { manualOf } from './manual.ts';
import { makeProgram } from './program.ts';
import { renamedCommands, renamedOptions, withNewNames } from './renamed.ts';

const program = makeProgram();
const translated = (line: string): { line: string; notices: string[] } => {
  const notices: string[] = [];
  return { line: withNewNames(program, line.split(' '), (notice) => notices.push(notice)).join(' '), notices };
};

test.each([
  ['headroom a.prompt.md --json', 'preflight a.prompt.md --json'],
  ['help headroom', 'help preflight'],
  ['optimize a.prompt.md --lever prompt', 'optimize a.prompt.md --tune prompt'],
  ['optimize --lever=weights a.prompt.md', 'optimize --tune=weights a.prompt.md'],
])('%s becomes %s', (old, now) => {
  const { line, notices } = translated(old);
  expect(line).toBe(now);
  expect(notices).toHaveLength(1);
});

test.each([
  'preflight a.prompt.md',
  'optimize --tune prompt a.prompt.md',
  'optimize a.prompt.md -- --lever',
  'optimize --leverage both',
  'tune a.prompt.md --lever weights',
  'evaluate headroom',
  'constructor',
  '--help',
])('%s stays as it is, without a notice', (line) => expect(translated(line)).toEqual({ line, notices: [] }));

test('no arguments at all', () => expect(withNewNames(program, [], expect.unreachable)).toEqual([]));

test('the notice names both the old and the new name', () => {
  expect(translated('headroom a.prompt.md').notices).toEqual([expect.stringMatching(/tandem headroom .* tandem preflight\b/)]);
  expect(translated('optimize a.prompt.md --lever both').notices).toEqual([expect.stringMatching(/--lever .* --tune\b/)]);
});

describe('the table', () => {
  const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
  const names = program.commands.map((command) => command.name());
  const flags = all(program).flatMap(({ options }) => options.map(({ long }) => long));

  test.each(Object.entries(renamedCommands))('%s is gone, %s exists', (old, now) => {
    expect(names).toContain(now);
    expect(names).not.toContain(old);
  });

  test.each(Object.entries(renamedOptions))('%s is gone, %s exists', (old, now) => {
    expect(flags).toContain(now);
    expect(flags).not.toContain(old);
  });

  test('no help, manual or completion mentions an old name', () => {
    const texts = [
      manualOf(program),
      ...all(program).map((command) => command.helpInformation()),
      ...shells.map((shell) => completionScript(shell, program)),
    ];
    const old = [...Object.keys(renamedCommands), ...Object.keys(renamedOptions)];
    for (const text of texts) for (const name of old) expect(text).not.toContain(name);
  });
});
