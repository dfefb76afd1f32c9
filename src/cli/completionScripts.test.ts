/** @file Completion scripts, called as a shell calls them. Shells that are not installed are skipped. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { completionScript, shells, type Shell } from './completionScripts.ts';
import { makeProgram } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem completion '));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'sub'));
  for (const name of ['a.prompt.md', 'b c.prompt.md', 'c.prompty', 'd.program.yaml', 'rows.csv', 'notes.txt'])
    writeFileSync(join(folder, name), '');
  const tandem = join(folder, 'bin', 'tandem');
  writeFileSync(tandem, `#!/bin/sh\n[ "$1 $2" = "report --list" ] && printf '%s\\n' one-intent two-intent '${hostileRun}'\n`);
  chmodSync(tandem, 0o755);
  for (const shell of shells) writeFileSync(join(folder, `tandem.${shell}`), completionScript(shell, makeProgram()));
});

/** A folder may have this name. */
const hostileRun = '2026-$(touch ran)`touch ran`*';

const run = (shell: Shell, args: string[]): string[] => {
  const env = { ...process.env, PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}` };
  const { stdout, stderr, status } = spawnSync(shell, args, { cwd: folder, encoding: 'utf8', env });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout.split('\n').filter((line) => line !== '');
};

/** The completions that a shell offers for these words, the last of which is being typed. */
const asked: Readonly<Partial<Record<Shell, (words: readonly string[]) => string[]>>> = {
  bash: (words) =>
    run('bash', [
      '--norc',
      '-c',
      'source ./tandem.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tandem; printf "%s\\n" "${COMPREPLY[@]}"',
      'bash',
      ...words,
    ]),
  fish: (words) =>
    run('fish', ['--no-config', '-c', `source ./tandem.fish; complete -C "${words.join(' ')}"`]).map((line) => line.split('\t')[0]),
};

const installed = (shell: Shell): boolean => spawnSync(shell, ['--version']).status === 0;

describe.each(['bash', 'fish'] as const)('%s', (shell) => {
  test.skipIf(!installed(shell)).each<[string, string[], string[], string[]]>([
    ['the commands', ['tandem', ''], ['init', 'evaluate', 'optimize', 'tune', 'compare', 'model'], ['--split', 'a.prompt.md']],
    ['a partial command', ['tandem', 'eva'], ['evaluate'], ['init']],
    ['a command’s options', ['tandem', 'evaluate', '--s'], ['--split', '--seed', '--skip-bad-rows'], ['--schedule']],
    ['the values of an option', ['tandem', 'optimize', '--tune', ''], ['both', 'prompt', 'weights'], ['a.prompt.md']],
    [
      'prompt files of every kind, also with spaces',
      ['tandem', 'tune', ''],
      ['a.prompt.md', 'b c.prompt.md', 'c.prompty', 'd.program.yaml'],
      ['evaluate'],
    ],
    ['runs, also as the second argument', ['tandem', 'compare', 'one-intent', ''], ['one-intent', 'two-intent'], ['a.prompt.md']],
    ['subcommands', ['tandem', 'model', ''], ['list', 'add', 'remove'], ['evaluate', 'a.prompt.md']],
    ['options of a subcommand', ['tandem', 'model', 'list', '--'], ['--json'], ['--split']],
    ['data', ['tandem', 'init', ''], ['rows.csv'], ['evaluate']],
    ['shells', ['tandem', 'completion', ''], ['bash', 'zsh', 'fish'], ['evaluate']],
  ])('%s', (_, words, some, none) => {
    const found = asked[shell]!(words);
    expect(found).toEqual(expect.arrayContaining(some));
    for (const word of none) expect(found).not.toContain(word);
  });

  test.skipIf(!installed(shell))('commands in the name of a run are not executed', () => {
    const found = asked[shell]!(['tandem', 'report', '']);
    expect(found).toContain('one-intent');
    // The name would need quotes, which bash adds only to file names.
    if (shell === 'bash') expect(found).not.toContain(hostileRun);
    expect(existsSync(join(folder, 'ran'))).toBe(false);
  });
});

test.skipIf(!installed('zsh'))('zsh loads its script, which defines a function for every command', () => {
  const functions = run('zsh', [
    '-f',
    '-c',
    'autoload -U compinit && compinit -u -D; source ./tandem.zsh; print -l ${(k)functions[(I)_tandem*]}; print ${_comps[tandem]}',
  ]);
  const names = makeProgram().commands.map((command) => `_tandem_${command.name()}`);
  expect(functions).toEqual(expect.arrayContaining(['_tandem', '_tandem_model_add', ...names]));
});
