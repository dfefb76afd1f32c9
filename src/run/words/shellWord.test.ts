/** @file Any name in a command to be copied is one word of it. */
import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from './shellWord.ts';

test('an ordinary name is unchanged', () => {
  for (const name of ['intent.prompt.md', '../a/b-c_1.gguf', '2026-11-25-101500-intent', 'owner/name', 'été'])
    expect(shellWord(name)).toBe(name);
});

test.skipIf(process.platform === 'win32')('a shell takes each as a single word', () => {
  const names = fc.sample(fc.string({ unit: fc.constantFrom(...`ab $\`'"\\;&|<>(){}*?!#~\n=-`) }), { numRuns: 300, seed: 1 });
  const { stdout } = spawnSync('sh', ['-c', `printf '%s\\0' ${names.map(shellWord).join(' ')}`], { encoding: 'utf8' });
  expect(stdout.split('\0').slice(0, -1)).toEqual(names);
});
